package ringfence.option;

/** What somebody configured cannot be. The message is one line for that person: where, what, and what to do. */
public final class OptionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** One line. */
    public OptionException(String line) {
        super(line);
    }

    /** The same, found inside {@code where}, such as {@code "--disk"}. */
    public OptionException within(String where) {
        OptionException outer = new OptionException(where + ' ' + getMessage());
        outer.initCause(this);
        return outer;
    }
}
