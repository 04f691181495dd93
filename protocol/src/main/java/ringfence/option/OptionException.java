package ringfence.option;

/** What somebody configured cannot be. The message is one line for that person: where, what, and what to do. */
public final class OptionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String path;
    private final String line;

    /** One line. */
    public OptionException(String line) {
        this("", line);
    }

    private OptionException(String path, String line) {
        super(path.isEmpty() ? line : path + ' ' + line);
        this.path = path;
        this.line = line;
    }

    /** The same, found in a member of a JSON object, {@code "memory"}, or of a list, {@code "[0]"}: a path grows. */
    public OptionException in(String member) {
        String joined = path.isEmpty() || path.startsWith("[") ? member + path : member + '.' + path;
        OptionException outer = new OptionException(joined, line);
        outer.initCause(this);
        return outer;
    }

    /** The same, found inside {@code where}, such as {@code "--disk"}. */
    public OptionException within(String where) {
        OptionException outer = new OptionException(where + ' ' + getMessage());
        outer.initCause(this);
        return outer;
    }
}
