package ringfence.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * System calls on an open file's attributes, also where it is open as O_PATH. None allocates; each answers with its result or
 * with minus the errno. Any thread.
 */
public final class AttributeCalls {
    /** Bytes that {@link #tryStatFs} fills: {@code struct statfs}. */
    public static final int STATFS = 120;

    private static final int AT_NO_AUTOMOUNT = 0x800;
    private static final int AT_EMPTY_PATH = 0x1000;

    private final Kernel kernel;
    private final Name empty = new Name();

    AttributeCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    /** statx(2). */
    public long tryStat(Fd file, Statx into) {
        return Call.keeping(
                empty,
                into,
                kernel.call(
                        Syscall.STATX,
                        file.number(),
                        empty.address(),
                        AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
                        Statx.STATX_BASIC_STATS | Statx.STATX_BTIME,
                        into.address(),
                        0));
    }

    /**
     * fstat(2), in less time than {@link #tryStat}, for who asks for neither the mount, nor the birth, nor whether something
     * is mounted there.
     */
    public long tryStatBriefly(Fd file, Statx into) {
        long result = kernel.call(Syscall.FSTAT, file.number(), into.statAddress(), 0, 0, 0, 0);
        if (result == 0) {
            into.fromStat();
        }
        return result;
    }

    /** fchownat(2), of a symbolic link itself. @param user -1: leave it @param group -1: leave it */
    public long tryOwner(Fd file, int user, int group) {
        return Call.keeping(
                empty,
                kernel.call(
                        Syscall.FCHOWNAT,
                        file.number(),
                        empty.address(),
                        Integer.toUnsignedLong(user),
                        Integer.toUnsignedLong(group),
                        AT_EMPTY_PATH,
                        0));
    }

    /** fchmod(2) of a file that is open for reading or writing. */
    public long tryMode(Fd file, int mode) {
        return kernel.call(Syscall.FCHMOD, file.number(), mode, 0, 0, 0, 0);
    }

    /** ftruncate(2). */
    public long tryTruncate(Fd file, long size) {
        return kernel.call(Syscall.FTRUNCATE, file.number(), size, 0, 0, 0, 0);
    }

    /** futimens(2) of a file that is open for reading or writing. @param times see {@link TimePair} */
    public long tryTimes(Fd file, TimePair times) {
        return Call.keeping(times, kernel.call(Syscall.UTIMENSAT, file.number(), 0, times.address(), 0, 0, 0));
    }

    /** fstatfs(2). @param into at least {@link #STATFS} bytes, read by {@link #statFs} */
    public long tryStatFs(Fd file, MemorySegment into) {
        return Call.keeping(
                into,
                kernel.call(
                        Syscall.FSTATFS, file.number(), into.asSlice(0, STATFS).address(), 0, 0, 0, 0));
    }

    /** One number of what {@link #tryStatFs} has filled. */
    public static long statFs(MemorySegment filled, StatFsField field) {
        return filled.get(ValueLayout.JAVA_LONG, field.at());
    }
}
