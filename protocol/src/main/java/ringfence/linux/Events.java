package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** System calls for waiting. */
public final class Events {
    private static final int CLOEXEC = 0x80000;
    private static final int NONBLOCK = 0x800;
    private static final int CLOCK_MONOTONIC = 1;

    private final Kernel kernel;

    Events(Kernel kernel) {
        this.kernel = kernel;
    }

    /** eventfd2(2), non-blocking, with a count of 0. The caller owns it. */
    public EventFd eventFd() {
        long result = kernel.call(Syscall.EVENTFD2, 0, CLOEXEC | NONBLOCK, 0, 0, 0, 0);
        return EventFd.own(kernel, Fd.own(kernel, (int) Call.check(result, Syscall.EVENTFD2, "")));
    }

    /** epoll_create1(2), for waits that return up to {@code capacity} events. The caller owns it. */
    public Epoll epoll(int capacity) {
        long result = kernel.call(Syscall.EPOLL_CREATE1, CLOEXEC, 0, 0, 0, 0, 0);
        return new Epoll(kernel, Fd.own(kernel, (int) Call.check(result, Syscall.EPOLL_CREATE1, "")), capacity);
    }

    /** timerfd_create(2) on CLOCK_MONOTONIC, non-blocking, disarmed. The caller owns it. */
    public Fd timerFd() {
        long result = kernel.call(Syscall.TIMERFD_CREATE, CLOCK_MONOTONIC, CLOEXEC | NONBLOCK, 0, 0, 0, 0);
        return Fd.own(kernel, (int) Call.check(result, Syscall.TIMERFD_CREATE, ""));
    }

    /** timerfd_settime(2): first after {@code nanos}, then every {@code interval}; 0 disarms, 0 never repeats. */
    public void arm(Fd timer, long nanos, long interval) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment spec = arena.allocate(FileLayout.ITIMERSPEC_SIZE, 8);
            time(spec, FileLayout.IT_INTERVAL, interval);
            time(spec, FileLayout.IT_VALUE, nanos);
            Call.check(
                    kernel.call(Syscall.TIMERFD_SETTIME, timer.number(), 0, spec.address(), 0, 0, 0),
                    Syscall.TIMERFD_SETTIME,
                    timer);
        }
    }

    private static void time(MemorySegment spec, long at, long nanos) {
        spec.set(ValueLayout.JAVA_LONG, at + ProcessLayout.TIMESPEC_SEC, nanos / 1_000_000_000);
        spec.set(ValueLayout.JAVA_LONG, at + ProcessLayout.TIMESPEC_NSEC, nanos % 1_000_000_000);
    }

    /** Whether a descriptor that came from somebody else is an eventfd. */
    public boolean isEventFd(Fd fd) {
        return new Files(kernel).target(fd).equals("anon_inode:[eventfd]");
    }
}
