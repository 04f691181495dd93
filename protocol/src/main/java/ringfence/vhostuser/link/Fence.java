package ringfence.vhostuser.link;

/**
 * Keeps a successor from replaying while its predecessor's requests may still land: a process killed with io_uring
 * requests under way is reaped before they end. The daemon gives it to the {@link Backend}.
 */
@FunctionalInterface
public interface Fence {
    /** Nothing to wait for: the device does no I/O that outlives its process. */
    Fence NONE = () -> {};

    /**
     * Waits until no request of a predecessor can land any more, and keeps others from being a successor meanwhile.
     * Called on the connection's thread before an inflight region is read that a front-end hands back; may be called
     * again while it is held.
     *
     * @throws RuntimeException if it cannot be had: the connection ends, with the message as the reason
     */
    void take();
}
