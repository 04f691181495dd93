package ringfence.linux.uring;

/** This kernel, or who confines us, refuses io_uring. The message says why; the caller takes plain system calls. */
public final class RingRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public RingRefusedException(String why) {
        super(why);
    }
}
