package ringfence.linux;

/** A system call failed. The message names the call, its argument and the error. */
public final class ErrnoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Syscall call;
    private final Errno errno;

    /**
     * A failed call.
     *
     * @param argument what the call was about, such as a path; shown in the message
     */
    public ErrnoException(Syscall call, Errno errno, String argument) {
        super(call + "(" + argument + "): " + errno + " (" + errno.text() + ")");
        this.call = call;
        this.errno = errno;
    }

    /** The call that failed. */
    public Syscall call() {
        return call;
    }

    /** Why it failed. */
    public Errno errno() {
        return errno;
    }
}
