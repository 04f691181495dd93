package ringfence.process;

/** A person asked for what cannot be. The message is one line for that person: what is wrong, and what to do. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** One line. */
    public BadInputException(String line) {
        super(line);
    }

    /** One line, and what brought it up. */
    public BadInputException(String line, Throwable cause) {
        super(line, cause);
    }
}
