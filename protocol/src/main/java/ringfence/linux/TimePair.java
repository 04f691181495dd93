package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct timespec[2]}, last access and last change of data, for utimensat(2); reused. Not for concurrent use. */
public final class TimePair {
    /** In place of nanoseconds: the time it is. */
    public static final int UTIME_NOW = 0x3fffffff;
    /** In place of nanoseconds: leave it. */
    public static final int UTIME_OMIT = 0x3ffffffe;

    private static final int SIZE = 16;

    private final MemorySegment times = Arena.ofAuto().allocate(2 * SIZE, 8);

    /** Last access. @param nanos 0 to 999999999, or one of the two constants; anything else is EINVAL */
    public void access(long seconds, int nanos) {
        set(0, seconds, nanos);
    }

    /** Last change of data; as {@link #access}. */
    public void modify(long seconds, int nanos) {
        set(SIZE, seconds, nanos);
    }

    private void set(long at, long seconds, int nanos) {
        times.set(ValueLayout.JAVA_LONG, at + ProcessLayout.TIMESPEC_SEC, seconds);
        times.set(ValueLayout.JAVA_LONG, at + ProcessLayout.TIMESPEC_NSEC, Integer.toUnsignedLong(nanos));
    }

    long address() {
        return times.address();
    }
}
