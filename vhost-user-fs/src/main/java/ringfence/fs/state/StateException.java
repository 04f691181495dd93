package ringfence.fs.state;

/** A state file or a saved state that is refused. The message is one line. */
public final class StateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** Why, in one line. */
    public StateException(String message) {
        super(message);
    }
}
