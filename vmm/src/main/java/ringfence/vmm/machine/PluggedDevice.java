package ringfence.vmm.machine;

import ringfence.vmm.config.PciPlace;
import ringfence.vmm.device.VirtioDevice;

/**
 * A device and where it belongs.
 *
 * @param place its PCI segment and slot
 * @param device what is plugged in there
 */
record PluggedDevice(PciPlace place, VirtioDevice device) {}
