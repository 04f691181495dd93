package ringfence.vhostuser.link;

import ringfence.linux.Fd;
import ringfence.virtio.queue.ChainCursor;

/**
 * What does the work of one started queue. Made by {@link BackendDevice#engine} when the queue starts, closed when it
 * has stopped and drained. Between those two it is used by the queue's worker thread only.
 *
 * <p>No method blocks for longer than the work itself takes, and none allocates per request.
 */
public interface QueueEngine extends AutoCloseable {
    /**
     * Takes a request.
     *
     * @param chain its buffers, checked; the cursor is reused after the return
     * @param done to be told exactly once per chain, from within this call or from a later {@link #reap}
     */
    void submit(ChainCursor chain, Completions done);

    /**
     * Takes a request that two daemons have died with, in place of {@link #submit}: it is not tried again and ends with an
     * error of the device's, at once. Unless the device has a better way, nothing is written.
     */
    default void refuse(ChainCursor chain, Completions done) {
        done.complete(chain.head(), 0);
    }

    /**
     * The request that has been completed last is one of those that are timed.
     *
     * @param nanos from its being taken to its completion
     */
    default void timed(long nanos) {}

    /** The batch is over: push to the kernel what has only been noted so far. */
    default void flush() {}

    /**
     * Hands back what has finished since.
     *
     * @return how many
     */
    default int reap(Completions done) {
        return 0;
    }

    /** Requests taken and not completed. */
    default int inFlight() {
        return 0;
    }

    /**
     * The queue is to stop: nothing more is submitted. What waits for others, perhaps for ever, is let go of, so that {@link
     * #inFlight} comes to 0. Called again until it has.
     *
     * @param recorded whether what is in flight is recorded, and so given again to who runs the queue next: then it is not to be
     *     completed
     */
    default void letGo(boolean recorded, Completions done) {}

    /** Whether it can take one more request now. False: none is submitted before something completes. */
    default boolean canTake() {
        return true;
    }

    /**
     * Readable while, after {@link #armWakeup}, {@link #reap} would find something; null if everything completes within
     * {@link #submit}. The same descriptor for the engine's life, owned by the engine.
     */
    default Fd wakeup() {
        return null;
    }

    /**
     * The worker is about to sleep, with something in flight, or because the engine cannot take more: from now on a
     * completion, or whatever lets it take more, makes {@link #wakeup} readable.
     *
     * @return true: that has happened meanwhile, it must not sleep
     */
    default boolean armWakeup() {
        return false;
    }

    /**
     * A further descriptor that wakes the worker each time it becomes readable, and only then (edge-triggered): what is
     * left unread keeps nobody awake. null: none. The same for the engine's life, and longer; not owned by the worker.
     */
    default Fd source() {
        return null;
    }

    /** The worker is awake again, for whatever reason: {@link #wakeup} need not work, and is drained here. */
    default void disarmWakeup() {}

    /** The worker has ended, in whatever way: the last call on its thread, which may serve other queues from now on. */
    default void retired() {}

    /** Frees everything. Nothing is in flight. */
    @Override
    void close();
}
