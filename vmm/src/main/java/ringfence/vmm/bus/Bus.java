package ringfence.vmm.bus;

import java.util.Arrays;

/**
 * An immutable table of address ranges and the devices behind them. Ranges do not overlap. Lookup is a binary search
 * and allocates nothing; a change makes a new table, see {@link BusTable}.
 *
 * <p>An access that no range holds whole is rejected: reads see all ones, writes are lost.
 */
public final class Bus {
    /** A bus without a device. */
    public static final Bus EMPTY = new Bus(new long[0], new long[0], new BusDevice[0]);

    private final long[] bases; // ascending, unsigned
    private final long[] lasts; // the last address of each range: a range may end at 2^64
    private final BusDevice[] devices;

    private Bus(long[] bases, long[] lasts, BusDevice[] devices) {
        this.bases = bases;
        this.lasts = lasts;
        this.devices = devices;
    }

    /**
     * This bus and one range more.
     *
     * @param size at least 1
     * @throws BusConflictException if the range overlaps another, or goes beyond 2^64
     */
    public Bus with(long base, long size, BusDevice device) {
        long last = base + size - 1;
        if (size <= 0 || Long.compareUnsigned(last, base) < 0) {
            throw new BusConflictException("range base=0x%x size=0x%x is not a range".formatted(base, size));
        }
        int at = find(base) + 1; // the new one comes after the last that starts at or before it
        if (at > 0 && Long.compareUnsigned(lasts[at - 1], base) >= 0) {
            throw conflict(base, last, at - 1);
        }
        if (at < bases.length && Long.compareUnsigned(bases[at], last) <= 0) {
            throw conflict(base, last, at);
        }
        BusDevice[] newDevices = new BusDevice[devices.length + 1];
        System.arraycopy(devices, 0, newDevices, 0, at);
        newDevices[at] = device;
        System.arraycopy(devices, at, newDevices, at + 1, devices.length - at);
        return new Bus(inserted(bases, at, base), inserted(lasts, at, last), newDevices);
    }

    /** This bus without the range that starts at {@code base}; itself if there is none. */
    public Bus without(long base) {
        int at = find(base);
        if (at < 0 || bases[at] != base) {
            return this;
        }
        BusDevice[] newDevices = new BusDevice[devices.length - 1];
        System.arraycopy(devices, 0, newDevices, 0, at);
        System.arraycopy(devices, at + 1, newDevices, at, newDevices.length - at);
        return new Bus(removed(bases, at), removed(lasts, at), newDevices);
    }

    /** Reads {@code width} bytes, 1 to 8, at any address. The value in {@code into} has no bits above the width. */
    public Access read(long address, int width, ReadValue into) {
        int at = holder(address, width);
        if (at < 0) {
            return into.rejected(width);
        }
        Access access = devices[at].read(address - bases[at], width, into);
        into.narrow(width);
        return access;
    }

    /** Writes {@code width} bytes, 1 to 8, at any address. Bits of the value above the width are dropped. */
    public Access write(long address, int width, long value) {
        int at = holder(address, width);
        return at < 0
                ? Rejected.REJECTED
                : devices[at].write(address - bases[at], width, value & ReadValue.mask(width));
    }

    /** How many ranges there are. */
    public int size() {
        return bases.length;
    }

    /** The range that holds all of the access, or -1. */
    private int holder(long address, int width) {
        int at = find(address);
        // lasts - address, as unsigned distance, is below width - 1 when the range ends inside the access
        return at < 0
                        || Long.compareUnsigned(address, lasts[at]) > 0
                        || Long.compareUnsigned(lasts[at] - address, width - 1) < 0
                ? -1
                : at;
    }

    /** The last range that starts at or before the address, or -1. */
    private int find(long address) {
        int low = 0;
        int high = bases.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(bases[middle], address) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    private BusConflictException conflict(long base, long last, int at) {
        return new BusConflictException(
                "range 0x%x..0x%x overlaps 0x%x..0x%x".formatted(base, last, bases[at], lasts[at]));
    }

    private static long[] inserted(long[] from, int at, long value) {
        long[] to = Arrays.copyOf(from, from.length + 1);
        System.arraycopy(from, at, to, at + 1, from.length - at);
        to[at] = value;
        return to;
    }

    private static long[] removed(long[] from, int at) {
        long[] to = Arrays.copyOf(from, from.length - 1);
        System.arraycopy(from, at + 1, to, at, to.length - at);
        return to;
    }
}
