package ringfence.process;

import java.util.List;

/**
 * A person asked for what cannot be. The message has one line per mistake for that person: what is wrong, and what to do.
 */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Several mistakes, a line each. */
    public BadInputException(List<String> lines) {
        super(String.join("\n", lines));
    }

    /** One line. */
    public BadInputException(String line) {
        super(line);
    }

    /** One line, and what brought it up. */
    public BadInputException(String line, Throwable cause) {
        super(line, cause);
    }
}
