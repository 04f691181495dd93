package ringfence.virtio.queue;

import java.util.concurrent.atomic.AtomicInteger;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;

/** A fresh little ring with both ends for each try of a stress test, cut out of one mapping that serves them in turn. */
final class StressRing {
    /** Where a buffer may lie: relative to the ring's own memory. */
    private static final long DATA = 512;

    private static final int SLOT = 1024;
    private static final int SLOTS = 1 << 16;
    private static final Mapping MEMORY = Linux.system().memory().mapAnonymous((long) SLOT * SLOTS);
    private static final AtomicInteger NEXT = new AtomicInteger();

    final GuestDriver driver;
    final SplitQueue queue;
    final SplitRing words;
    final ChainCursor chain = new ChainCursor(4);
    final MemoryTable table;

    StressRing(boolean eventIdx) {
        long at = (long) SLOT * (NEXT.getAndIncrement() & SLOTS - 1);
        table = MemoryTable.of(java.util.List.of(new Region(0, 0, SLOT, MEMORY, at, null, 0)));
        QueueConfig config = GuestDriver.place(0, 4, eventIdx, false);
        driver = GuestDriver.direct(config, table);
        queue = SplitQueue.start(config, table, QueueState.FRESH);
        words = SplitRing.of(config, table);
        table.clear(DATA, 16);
    }

    /** One chain through the ring and back, so that the events named are in the past. */
    StressRing used() {
        offer(0);
        driver.publish();
        queue.poll(chain);
        queue.complete(chain.head(), 0);
        queue.needsInterrupt();
        driver.reap();
        return this;
    }

    /** Offers a chain of one buffer of {@code length} bytes. */
    void offer(int length) {
        if (!driver.begin(1)) {
            throw new IllegalStateException("full");
        }
        driver.writable(DATA, length);
        driver.offer(length);
    }

    /** Polls; the length of the chain found, or -1. */
    int take() {
        return queue.poll(chain) == Verdict.CHAIN ? (int) chain.writableBytes() : -1;
    }
}
