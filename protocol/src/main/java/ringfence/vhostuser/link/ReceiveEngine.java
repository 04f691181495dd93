package ringfence.vhostuser.link;

import ringfence.virtio.queue.ChainCursor;

/**
 * An engine that takes its chains itself, when it has something for them: a network device's receive queue. It may hold
 * chains for as long as it likes, since it can give them back to the ring; it completes them in the order in which it took
 * them. What a predecessor held goes back to the ring and is taken anew.
 *
 * <p>{@link #inFlight} is how many it holds; {@link #canTake}, asked before the worker sleeps, whether it waits for
 * more, so that the driver's kick is wanted; {@link #armWakeup}, asked then, whether it could go on at once.
 */
public interface ReceiveEngine extends QueueEngine {
    /**
     * Does what can be done now, but not for long: the guest is interrupted afterwards.
     *
     * @return how much was done; 0: nothing
     */
    int receive(ChainSupply supply);

    /** The queue stops, or is broken: gives back all that it holds. */
    void release(ChainSupply supply);

    /** Nobody submits to it. */
    @Override
    default void submit(ChainCursor chain, Completions done) {
        throw new IllegalStateException("a receive engine takes its chains itself");
    }
}
