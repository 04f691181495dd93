package ringfence.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An owned file descriptor. Who opens it closes it, exactly once; a second close does nothing. 0 is a legal number;
 * "none" is not a number but the absence of an {@code Fd}.
 *
 * <p>Any thread may use it. Closing it while another thread is inside a call on it is the caller's mistake: quiesce
 * first.
 */
public final class Fd implements AutoCloseable {
    private static final VarHandle CLOSED;

    static {
        try {
            CLOSED = MethodHandles.lookup().findVarHandle(Fd.class, "closed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Kernel kernel;
    private final int number;
    /** Its first value needs no store: a volatile one, in the constructor, would cost a fence for each file that is opened. */
    private volatile boolean closed;

    private Fd(Kernel kernel, int number) {
        this.kernel = kernel;
        this.number = number;
    }

    /** Takes ownership of a descriptor of this process. */
    public static Fd own(Kernel kernel, int number) {
        if (number < 0) {
            throw new IllegalArgumentException("no descriptor: " + number);
        }
        return new Fd(kernel, number);
    }

    /**
     * The number, for a system call.
     *
     * @throws IllegalStateException if it is closed: the number may by now be somebody else's
     */
    public int number() {
        if (closed) {
            throw new IllegalStateException("descriptor " + number + " is closed");
        }
        return number;
    }

    /** Whether it is open. */
    public boolean isOpen() {
        return !closed;
    }

    /** Another descriptor of the same open file, close-on-exec. The caller owns it. */
    public Fd duplicate() {
        long result = kernel.call(Syscall.FCNTL, number(), 1030 /* F_DUPFD_CLOEXEC */, 0, 0, 0, 0);
        if (result < 0) {
            throw new ErrnoException(Syscall.FCNTL, Errno.of(-result), "F_DUPFD_CLOEXEC of " + number);
        }
        return new Fd(kernel, (int) result);
    }

    /** Gives up ownership: the number is the caller's from now on, this object counts as closed. */
    public int release() {
        int released = number();
        closed = true;
        return released;
    }

    @Override
    public void close() {
        if (CLOSED.compareAndSet(this, false, true)) {
            // close(2) frees the number even when it reports an error, so there is nothing to retry
            kernel.call(Syscall.CLOSE, number, 0, 0, 0, 0, 0);
        }
    }

    @Override
    public String toString() {
        return "fd " + number + (closed ? " (closed)" : "");
    }
}
