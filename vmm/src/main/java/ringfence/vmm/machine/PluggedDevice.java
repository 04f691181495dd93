package ringfence.vmm.machine;

import java.util.OptionalInt;
import ringfence.vmm.device.VirtioDevice;

/**
 * A device and where it belongs.
 *
 * @param slot its PCI slot; empty: the first that is free
 * @param device what is plugged in there
 */
record PluggedDevice(OptionalInt slot, VirtioDevice device) {}
