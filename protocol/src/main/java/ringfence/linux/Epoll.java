package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An epoll instance, level-triggered. One thread waits; a token of 64 bits says which descriptor is ready.
 *
 * <p>{@code struct epoll_event} is packed on x86-64: 4 bytes of events, 8 of data.
 */
public final class Epoll implements AutoCloseable {
    /** Readable. */
    public static final int IN = 1;
    /** Writable. */
    public static final int OUT = 4;
    /** An error is pending. */
    public static final int ERR = 8;
    /** The other side has hung up. */
    public static final int HUP = 0x10;
    /** The other side has shut down its writing half. */
    public static final int RDHUP = 0x2000;

    /** With others: told once each time that something becomes so, not for as long as it is. */
    public static final int EDGE = 1 << 31;

    static final int EVENT_SIZE = 12;
    static final int EVENT_DATA = 4;
    private static final ValueLayout.OfLong DATA = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt EVENTS = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int ADD = 1;
    private static final int DELETE = 2;
    private static final int MODIFY = 3;

    private final Kernel kernel;
    private final Fd fd;
    private final MemorySegment control = Arena.ofAuto().allocate(EVENT_SIZE, 8);
    private final MemorySegment ready;
    private final int capacity;

    Epoll(Kernel kernel, Fd fd, int capacity) {
        this.kernel = kernel;
        this.fd = fd;
        this.capacity = capacity;
        ready = Arena.ofAuto().allocate((long) EVENT_SIZE * capacity, 8);
    }

    /** Watches a descriptor. */
    public void add(Fd watched, int events, long token) {
        control(ADD, watched, events, token);
    }

    /** Watches it for something else. */
    public void modify(Fd watched, int events, long token) {
        control(MODIFY, watched, events, token);
    }

    /** Stops watching. Do it before the descriptor is closed: a duplicate elsewhere would keep it in the set. */
    public void remove(Fd watched) {
        control(DELETE, watched, 0, 0);
    }

    private synchronized void control(int operation, Fd watched, int events, long token) {
        control.set(EVENTS, 0, events);
        control.set(DATA, EVENT_DATA, token);
        Call.check(
                Call.keeping(
                        control,
                        kernel.call(
                                Syscall.EPOLL_CTL, fd.number(), operation, watched.number(), control.address(), 0, 0)),
                Syscall.EPOLL_CTL,
                watched);
    }

    /**
     * Waits.
     *
     * @param millis -1: without a limit; 0: only looks
     * @return how many are ready; 0 also when a signal has ended the wait
     */
    public int await(int millis) {
        long result = Call.keeping(
                ready, kernel.call(Syscall.EPOLL_WAIT, fd.number(), ready.address(), capacity, millis, 0, 0));
        return result == -Errno.EINTR.number() ? 0 : (int) Call.check(result, Syscall.EPOLL_WAIT, fd);
    }

    /** The token of the i-th that is ready. */
    public long token(int i) {
        return ready.get(DATA, (long) EVENT_SIZE * i + EVENT_DATA);
    }

    /** The events of the i-th that is ready. */
    public int events(int i) {
        return ready.get(EVENTS, (long) EVENT_SIZE * i);
    }

    @Override
    public void close() {
        fd.close();
    }
}
