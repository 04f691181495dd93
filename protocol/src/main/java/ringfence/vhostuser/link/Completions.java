package ringfence.vhostuser.link;

/** Where an engine hands its finished requests back. Called on the queue's worker thread, from inside the engine. */
@FunctionalInterface
public interface Completions {
    /**
     * A chain is finished: it goes back to the driver, exactly once.
     *
     * @param head of the chain, {@link ringfence.virtio.queue.ChainCursor#head}
     * @param written bytes written into its device-writable part, from its beginning; unsigned 32 bits
     */
    void complete(int head, int written);
}
