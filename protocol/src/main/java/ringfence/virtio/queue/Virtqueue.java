package ringfence.virtio.queue;

import ringfence.memory.MemoryTable;

/**
 * The device side of a queue, whatever its ring's format. One owner thread. See the package for the life cycle.
 */
public sealed interface Virtqueue permits SplitQueue {
    /**
     * Starts a queue.
     *
     * @throws QueueException if its format, size, alignment or place is wrong
     */
    static Virtqueue start(QueueConfig config, MemoryTable memory, QueueState from) {
        return switch (config.format()) {
            case SPLIT, PACKED -> SplitQueue.start(config, memory, from); // refuses PACKED: see RingFormat
        };
    }

    /**
     * Takes the next chain. Bounded: at most as many steps as the queue has entries, whatever the guest wrote.
     *
     * @param chain receives it
     */
    Verdict poll(ChainCursor chain);

    /**
     * Reads a chain again by its head, without taking anything from the available ring: for the replay of what was in
     * flight when a predecessor died. It is in flight from now on.
     *
     * @param head as the inflight region has it; any number
     * @return {@code CHAIN} or {@code BROKEN}
     */
    Verdict load(int head, ChainCursor chain);

    /**
     * Asks the driver for a kick at the next chain.
     *
     * @return true if one slipped in meanwhile: poll again, no kick may come for it
     */
    boolean armKick();

    /** Tells the driver that kicks are not needed. A hint: kicks may still come. */
    void disarmKick();

    /**
     * Hands a chain back to the driver.
     *
     * @param head of a chain in flight
     * @param written bytes written into its device-writable part, from its beginning; unsigned 32 bits
     * @throws IllegalStateException if it is not in flight: the device's own mistake
     */
    void complete(int head, int written);

    /**
     * The first half of {@link #complete}: the used element is written, but the driver does not see it before
     * {@link #publish}. So a frame that fills several chains becomes visible as a whole, 5.1.6.4.
     */
    void use(int head, int written);

    /** The second half of {@link #complete}, for all chains used since the last time. */
    void publish();

    /**
     * Takes the last {@link #poll} that has not been taken back or completed back: the chain is in the available ring
     * still, and is polled next. Only for queues that complete in order, from the last chain taken to the first.
     *
     * @throws IllegalStateException if it is not in flight: the device's own mistake
     */
    void putBack(int head);

    /** Whether the driver wants an interrupt for what was completed since the last call. Once per batch. */
    boolean needsInterrupt();

    /**
     * The next {@link #needsInterrupt} says yes: for a queue whose predecessor may have died between a completion and
     * its interrupt. One interrupt too many does no harm, 2.7.7.1.
     */
    void oweInterrupt();

    /** Why it is BROKEN; null if it is not. */
    QueueFault fault();

    /** Number of chains taken and not completed. */
    int inFlight();

    /** The memory that it was started with. */
    MemoryTable memory();

    /** What the driver has set up. */
    QueueConfig config();

    /**
     * Marks every guest page that is written from now on; null: no more. Call it with nothing in flight.
     *
     * @param usedRingAddress where the log has the used ring, usually its guest address
     * @throws IllegalStateException if something is in flight
     */
    void log(DirtyLog log, long usedRingAddress);

    /** Where it stands. It takes nothing more. Chains in flight are the caller's: drain first, or keep them recorded. */
    QueueState stop();
}
