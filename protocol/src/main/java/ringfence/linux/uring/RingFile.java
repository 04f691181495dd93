package ringfence.linux.uring;

import ringfence.linux.Fd;

/**
 * The file of an operation: a descriptor, or a slot of the ring's own table, which is cheaper. Made once per file, not
 * per request.
 */
public final class RingFile {
    private final int number;
    private final boolean fixed;

    private RingFile(int number, boolean fixed) {
        this.number = number;
        this.fixed = fixed;
    }

    /** An open file by its descriptor, which its owner keeps open until the requests on it have ended. */
    public static RingFile of(Fd fd) {
        return new RingFile(fd.number(), false);
    }

    /** What {@link Ring#install} has put into this slot. */
    static RingFile slot(int slot) {
        return new RingFile(slot, true);
    }

    int number() {
        return number;
    }

    boolean fixed() {
        return fixed;
    }
}
