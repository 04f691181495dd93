package ringfence.process;

/** Something that the program needs has failed; nobody asked for anything wrong. The message is one line. */
public final class FailureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** One line. */
    public FailureException(String line) {
        super(line);
    }

    /** One line, and what brought it up. */
    public FailureException(String line, Throwable cause) {
        super(line, cause);
    }
}
