package ringfence.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** System calls that move, find or lock data by range. None allocates; results as of {@link AttributeCalls}. Any thread. */
public final class RangeCalls {
    /** Bytes of a {@code struct flock}. */
    public static final int FLOCK = 32;

    /** flock(2): shared. */
    public static final int LOCK_SH = 1;
    /** flock(2): exclusive. */
    public static final int LOCK_EX = 2;
    /** flock(2): do not wait. */
    public static final int LOCK_NB = 4;
    /** flock(2): none. */
    public static final int LOCK_UN = 8;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;

    private final Kernel kernel;

    RangeCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * copy_file_range(2).
     *
     * @param offsets two words that hold where to read and where to write; they are advanced
     * @return bytes copied
     */
    public long tryCopy(Fd from, Fd to, MemorySegment offsets, long length, int flags) {
        return Call.keeping(
                offsets,
                kernel.call(
                        Syscall.COPY_FILE_RANGE,
                        from.number(),
                        offsets.address(),
                        to.number(),
                        offsets.address() + 8,
                        length,
                        Integer.toUnsignedLong(flags)));
    }

    /** syncfs(2). */
    public long trySyncFileSystem(Fd file) {
        return kernel.call(Syscall.SYNCFS, file.number(), 0, 0, 0, 0, 0);
    }

    /** flock(2). @param operation LOCK_ bits */
    public long tryFlock(Fd file, int operation) {
        return kernel.call(Syscall.FLOCK, file.number(), operation, 0, 0, 0, 0);
    }

    /**
     * Takes or drops a lock of the open file on a range (F_OFD_SETLK); EAGAIN where another one is in the way.
     *
     * @param scratch {@link #FLOCK} bytes, aligned to 8
     * @param type F_RDLCK 0, F_WRLCK 1, F_UNLCK 2
     * @param length 0: to the end of the file and beyond
     */
    public long tryLock(Fd file, MemorySegment scratch, int type, long start, long length) {
        fill(scratch, type, start, length);
        return Call.keeping(
                scratch, kernel.call(Syscall.FCNTL, file.number(), F_OFD_SETLK, scratch.address(), 0, 0, 0));
    }

    /** What would be in the way of a lock (F_OFD_GETLK); {@link #lockType} and its like read the answer. */
    public long tryFindLock(Fd file, MemorySegment scratch, int type, long start, long length) {
        fill(scratch, type, start, length);
        return Call.keeping(
                scratch, kernel.call(Syscall.FCNTL, file.number(), F_OFD_GETLK, scratch.address(), 0, 0, 0));
    }

    private static void fill(MemorySegment scratch, int type, long start, long length) {
        scratch.asSlice(0, FLOCK).fill((byte) 0);
        scratch.set(ValueLayout.JAVA_SHORT, FileLayout.L_TYPE, (short) type);
        scratch.set(ValueLayout.JAVA_LONG, FileLayout.L_START, start);
        scratch.set(ValueLayout.JAVA_LONG, FileLayout.L_LEN, length);
    }

    /** Type of the lock that {@link #tryFindLock} found; F_UNLCK 2: none. */
    public static int lockType(MemorySegment scratch) {
        return scratch.get(ValueLayout.JAVA_SHORT, FileLayout.L_TYPE);
    }

    /** Its first byte. */
    public static long lockStart(MemorySegment scratch) {
        return scratch.get(ValueLayout.JAVA_LONG, FileLayout.L_START);
    }

    /** Its bytes; 0: to the end. */
    public static long lockLength(MemorySegment scratch) {
        return scratch.get(ValueLayout.JAVA_LONG, FileLayout.L_LEN);
    }
}
