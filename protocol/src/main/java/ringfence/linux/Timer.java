package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A timerfd on CLOCK_MONOTONIC that allocates nothing when it is set: readable once its time has come. One owner thread. */
public final class Timer implements AutoCloseable {
    private static final long SECOND = 1_000_000_000;

    private final Kernel kernel;
    private final Fd fd;
    private final MemorySegment spec = Arena.ofAuto().allocate(FileLayout.ITIMERSPEC_SIZE, 8);
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    /** Not set. */
    public Timer(Linux linux) {
        kernel = linux.kernel();
        fd = linux.events().timerFd();
    }

    /** Owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** Sets it to so many nanoseconds from now, above 0. */
    public void arm(long nanos) {
        set(nanos);
    }

    /** Stops it; it is not readable then. */
    public void disarm() {
        set(0);
        Call.keeping(
                count,
                kernel.call(
                        Syscall.READ,
                        fd.number(),
                        count.address(),
                        Long.BYTES,
                        0,
                        0,
                        0)); // EAGAIN where it has not come
    }

    private void set(long nanos) {
        spec.set(ValueLayout.JAVA_LONG, FileLayout.IT_VALUE + ProcessLayout.TIMESPEC_SEC, nanos / SECOND);
        spec.set(ValueLayout.JAVA_LONG, FileLayout.IT_VALUE + ProcessLayout.TIMESPEC_NSEC, nanos % SECOND);
        Call.check(
                Call.keeping(spec, kernel.call(Syscall.TIMERFD_SETTIME, fd.number(), 0, spec.address(), 0, 0, 0)),
                Syscall.TIMERFD_SETTIME,
                fd);
    }

    @Override
    public void close() {
        fd.close();
    }
}
