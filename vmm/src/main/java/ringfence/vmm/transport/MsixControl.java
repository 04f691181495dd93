package ringfence.vmm.transport;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.pci.ConfigSpace;

/**
 * The message control word of the MSI-X capability (PCI Local Bus 3.0, 6.8.2.3), in the upper half of its first double
 * word.
 */
record MsixControl(ConfigSpace space, int capability, Msix msix) implements BusDevice {
    private static final int MSIX_ENABLE = 0x8000;
    private static final int MSIX_MASK_ALL = 0x4000;

    @Override
    public Access read(long at, int width, ReadValue into) {
        return into.done(space.get(capability + (int) at, width));
    }

    @Override
    public Access write(long at, int width, long value) {
        // the monitor makes two vCPUs' writes and what they bring about one after the other
        synchronized (msix) {
            space.write(capability + (int) at, width, value);
            long control = space.get(capability + 2, 2);
            msix.control((control & MSIX_ENABLE) != 0, (control & MSIX_MASK_ALL) != 0);
        }
        return Done.DONE;
    }
}
