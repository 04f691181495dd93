package ringfence.vmm.bus;

/**
 * Where a read puts its value; reused from access to access, one per vCPU thread, so that a read allocates nothing.
 * Bits above the width of the access are zero.
 */
public final class ReadValue {
    private long value;

    /** Puts the value of a read that has been done. */
    public Done done(long value) {
        this.value = value;
        return Done.DONE;
    }

    /** Puts all ones of {@code width} bytes: what a read that nobody answers sees. */
    public Rejected rejected(int width) {
        value = mask(width);
        return Rejected.REJECTED;
    }

    /** The value of the last read. */
    public long value() {
        return value;
    }

    /** Keeps the lowest {@code width} bytes of the value: a bus does so after each device's answer. */
    void narrow(int width) {
        value &= mask(width);
    }

    /** A mask of the lowest {@code width} bytes, 1 to 8. */
    public static long mask(int width) {
        return width >= 8 ? -1L : (1L << 8 * width) - 1;
    }
}
