package ringfence.vmm.pci;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * Configuration mechanism 1 (PCI Local Bus 3.0, 3.2.2.3.2): the address register at 0xCF8 and the data window at 0xCFC.
 * It reaches bus 0 of segment 0 and the first 256 bytes of a function.
 *
 * <p>The address register takes double words only. As on hardware, vCPUs that use it at once without a lock of their own
 * get each other's address; that is the guest's own mistake.
 */
public final class ConfigPorts implements BusDevice {
    /** First port. */
    public static final int PORT = 0xCF8;
    /** Ports that it takes. */
    public static final int SIZE = 8;

    private static final int DATA = 4;
    private static final int ENABLE = 1 << 31;

    private final PciSegment segment;
    private volatile int address;

    /** The mechanism for this segment. */
    public ConfigPorts(PciSegment segment) {
        this.segment = segment;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        if (offset == 0 && width == 4) {
            return into.done(address & 0xFFFF_FFFFL);
        }
        int target = address;
        if (offset < DATA || !reaches(target)) {
            return into.rejected(width);
        }
        return segment.readConfig(slot(target), function(target), register(target, offset), width, into);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (offset == 0 && width == 4) {
            address = (int) value & (ENABLE | 0xFF_FFFC);
            return Done.DONE;
        }
        int target = address;
        if (offset < DATA || !reaches(target)) {
            return Rejected.REJECTED;
        }
        return segment.writeConfig(slot(target), function(target), register(target, offset), width, value);
    }

    private static boolean reaches(int target) {
        return (target & ENABLE) != 0 && (target >> 16 & 0xFF) == 0;
    }

    private static int slot(int target) {
        return target >> 11 & 31;
    }

    private static int function(int target) {
        return target >> 8 & 7;
    }

    private static int register(int target, long offset) {
        return (target & 0xFC) + (int) offset - DATA;
    }
}
