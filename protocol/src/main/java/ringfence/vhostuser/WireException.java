package ringfence.vhostuser;

/** A message that breaks the protocol. Its text is one line, to be logged; the connection that brought it is over. */
public final class WireException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason, in words that name the message and the numbers. */
    public WireException(String reason) {
        super(reason);
    }

    static void require(boolean holds, String what, Object value) {
        if (!holds) {
            throw new WireException(what + ": " + value);
        }
    }
}
