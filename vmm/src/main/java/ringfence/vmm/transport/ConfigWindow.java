package ringfence.vmm.transport;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;
import ringfence.vmm.pci.ConfigSpace;

/**
 * The window into BAR 0 in configuration space (virtio 1.3, 4.1.4.9): the driver writes bar, offset and length into the
 * capability, and accesses the registers there through {@code pci_cfg_data}. For firmware that has not mapped the BAR.
 */
final class ConfigWindow implements BusDevice {
    private static final int BAR = 4;
    private static final int OFFSET = 8;
    private static final int LENGTH = 12;
    private static final int DATA = 16;

    private final ConfigSpace space;
    private final int capability;
    private final BusDevice registers;

    private ConfigWindow(ConfigSpace space, int capability, BusDevice registers) {
        this.space = space;
        this.capability = capability;
        this.registers = registers;
    }

    /** Opens the window at the capability of this offset, into these registers. */
    static void open(ConfigSpace space, int capability, BusDevice registers) {
        space.allowWrites(capability + BAR, 1, 0xFF);
        space.allowWrites(capability + OFFSET, 4, -1);
        space.allowWrites(capability + LENGTH, 4, -1);
        space.overlay(capability + DATA, new ConfigWindow(space, capability, registers));
    }

    @Override
    public Access read(long at, int width, ReadValue into) {
        long offset = space.get(capability + OFFSET, 4);
        long length = space.get(capability + LENGTH, 4);
        if (!reaches(at, offset, length)) {
            return into.rejected(width);
        }
        return registers.read(offset, (int) length, into);
    }

    @Override
    public Access write(long at, int width, long value) {
        long offset = space.get(capability + OFFSET, 4);
        long length = space.get(capability + LENGTH, 4);
        if (!reaches(at, offset, length)) {
            return Rejected.REJECTED;
        }
        return registers.write(offset, (int) length, value & ReadValue.mask((int) length));
    }

    private boolean reaches(long at, long offset, long length) {
        return at == 0
                && space.get(capability + BAR, 1) == 0
                && (length == 1 || length == 2 || length == 4)
                && offset <= Layout.BAR_SIZE - length;
    }
}
