package ringfence.vmm.device.remote;

import java.util.concurrent.CompletableFuture;
import ringfence.linux.EventFd;
import ringfence.memory.MemoryTable;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.vmm.device.QueueEvents;

/** A queue that the guest has started, as the link thread keeps it from back-end to back-end. That thread only. */
final class RemoteQueue {
    final int index;
    final QueueConfig config;
    final QueueEvents events;
    /** Rung by the back-end when the ring is broken. */
    final EventFd err;

    final CompletableFuture<Void> started;
    private final QueueState from;
    /** Some back-end has had it: it may have chains in flight. */
    boolean begun;
    /** The guest wants it stopped; null: it does not. */
    CompletableFuture<QueueState> stopping;

    RemoteQueue(
            int index,
            QueueConfig config,
            QueueState from,
            QueueEvents events,
            EventFd err,
            CompletableFuture<Void> started) {
        this.index = index;
        this.config = config;
        this.from = from;
        this.events = events;
        this.err = err;
        this.started = started;
    }

    /**
     * Where a back-end starts it. A successor starts where the used ring ends: what was taken and not completed is in the
     * inflight region, and it goes on from there.
     */
    QueueState from(MemoryTable memory) {
        if (!begun) {
            return from;
        }
        int used = SplitQueue.resume(config, memory, 0).usedIndex();
        return new QueueState(used, used);
    }

    /** Whether nothing can have been in flight: all that the guest made available has been used. */
    boolean isIdle(MemoryTable memory) {
        byte[] index2 = new byte[2];
        memory.read(config.availableRing() + SplitLayout.RING_INDEX, index2);
        int available = index2[0] & 0xFF | (index2[1] & 0xFF) << 8;
        return available == SplitQueue.resume(config, memory, 0).usedIndex();
    }
}
