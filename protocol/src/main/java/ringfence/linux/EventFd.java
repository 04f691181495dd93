package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An eventfd as a doorbell. Any thread may signal; one thread at a time drains. Neither allocates.
 */
public final class EventFd implements AutoCloseable {
    private final Kernel kernel;
    private final Fd fd;
    private final MemorySegment one;
    private final MemorySegment count;

    private EventFd(Kernel kernel, Fd fd) {
        this.kernel = kernel;
        this.fd = fd;
        one = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_LONG, 1);
        count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    }

    /** Takes ownership of a descriptor that is known to be an eventfd. */
    public static EventFd own(Kernel kernel, Fd fd) {
        return new EventFd(kernel, fd);
    }

    /** Adds one. A full counter (EAGAIN) counts as signalled: the other side has not looked yet. */
    public void signal() {
        Call.keeping(one, kernel.call(Syscall.WRITE, fd.number(), one.address(), 8, 0, 0, 0));
    }

    /** Takes the count and sets it to zero; 0 if there was none (never blocks: the eventfd is non-blocking). */
    public long drain() {
        long result = Call.keeping(count, kernel.call(Syscall.READ, fd.number(), count.address(), 8, 0, 0, 0));
        return result == 8 ? count.get(ValueLayout.JAVA_LONG, 0) : 0;
    }

    /** The descriptor, still owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** Another object for the same eventfd, with a descriptor of its own. */
    public EventFd duplicate() {
        return new EventFd(kernel, fd.duplicate());
    }

    @Override
    public void close() {
        fd.close();
    }
}
