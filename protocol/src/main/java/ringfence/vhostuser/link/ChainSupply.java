package ringfence.vhostuser.link;

import ringfence.virtio.queue.ChainCursor;

/**
 * Where a {@link ReceiveEngine} takes its chains from, and what becomes of them. Used on the queue's worker thread, from
 * inside the engine. Nothing here allocates.
 */
public interface ChainSupply {
    /**
     * Takes the next chain of the available ring.
     *
     * @return false: there is none now
     */
    boolean next(ChainCursor chain);

    /**
     * Whether the queue's memory may be truncated: only the queue's own turn may touch it then, whose failure is its connection's.
     */
    boolean mayShrink();

    /** Gives the chain back that was taken last and is neither used nor given back. */
    void putBack(int head);

    /**
     * Puts the chain that was taken first, of those that are left, into the used ring, where {@link #publish} shows it.
     *
     * @param written bytes written into its device-writable part, from its beginning
     */
    void use(int head, int written);

    /** Shows the driver all chains used since the last time, at once. */
    void publish();
}
