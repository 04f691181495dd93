package ringfence.journal;

/** A file that is no ring, or no more; the message says why. */
public final class RingException extends Exception {
    private static final long serialVersionUID = 1L;

    RingException(String message) {
        super(message);
    }
}
