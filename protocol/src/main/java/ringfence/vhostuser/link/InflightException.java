package ringfence.vhostuser.link;

/** An inflight region that cannot be what a back-end has written. One line says why. */
public final class InflightException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason. */
    public InflightException(String reason) {
        super(reason);
    }
}
