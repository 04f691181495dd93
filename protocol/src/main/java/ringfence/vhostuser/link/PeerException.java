package ringfence.vhostuser.link;

/** The other end failed us: it is not there, went away, kept us waiting, or broke the protocol. One line says which. */
public final class PeerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What to do about it. */
    public enum Disposition {
        /** Nobody is there yet: try again later. */
        RETRY,
        /** This connection is over: close it, connect anew. */
        RECONNECT,
        /** This peer will never do: it lacks what we need. */
        FATAL
    }

    private final Disposition disposition;

    /** With a reason of one line. */
    public PeerException(String reason, Disposition disposition) {
        super(reason);
        this.disposition = disposition;
    }

    /** With a reason of one line and its cause. */
    public PeerException(String reason, Disposition disposition, Throwable cause) {
        super(reason, cause);
        this.disposition = disposition;
    }

    /** What to do about it. */
    public Disposition disposition() {
        return disposition;
    }
}
