package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.virtio.RingFormat;

/**
 * Values used are values checked: another vCPU rewrites a descriptor and its avail entry all the time, between values
 * that are legal and values that are not, and no chain that is taken ever holds a value that was not checked.
 */
class SingleReadTest {
    private static final long GOOD = Rings.DATA;
    private static final int GOOD_LENGTH = 64;

    @Test
    @Timeout(60)
    void aGuestThatRewritesItsDescriptorsNeverGetsAnUncheckedValueThrough() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        try (Rings rings = Rings.of(RingFormat.SPLIT).size(4).start()) {
            MemorySegment ring = rings.table().segment(0).asSlice(Rings.RING, 64);
            Thread other = Thread.ofPlatform().start(() -> flip(ring, stop));
            long taken = 0;
            long refused = 0;
            int index = 0;
            Virtqueue queue = rings.queue();
            rings.availableEntry(0, 0).availableEntry(1, 0).availableEntry(2, 0).availableEntry(3, 0);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
            while (System.nanoTime() < end) {
                if (index % 4 == 0) { // all at once, so that it also looks ahead
                    rings.availableIndex(index + 4 & 0xFFFF);
                }
                index = index + 1 & 0xFFFF;
                if (queue.poll(rings.chain()) == Verdict.CHAIN) {
                    taken++;
                    check(rings.chain());
                    queue.complete(rings.chain().head(), 0);
                } else {
                    refused++;
                    queue = Virtqueue.start(rings.config(), rings.table(), new QueueState(index, index));
                }
            }
            stop.set(true);
            other.join();
            System.out.printf("rewritten while read: %,d chains taken, %,d refused%n", taken, refused);
            assertThat(taken).isPositive();
            assertThat(refused).isPositive();
        }
    }

    private static void check(ChainCursor chain) {
        long end = 0;
        for (int i = 0; i < chain.count(); i++) {
            end = chain.offset(i) + chain.length(i);
            if (chain.offset(i) < 0
                    || chain.length(i) <= 0
                    || end > chain.segment(i).byteSize()) {
                throw new AssertionError(chain + " holds a buffer outside memory");
            }
        }
        if (chain.count() > 4) {
            throw new AssertionError(chain + " is longer than the queue");
        }
    }

    /** Address, then length, flags and next, from good to bad and back. */
    private static void flip(MemorySegment table, AtomicBoolean stop) {
        for (int i = 0; !stop.get(); i++) {
            SplitRing.descriptor(table, 0, GOOD, GOOD_LENGTH, 0, 0);
            SplitRing.descriptor(table, 0, GOOD, -1, 1, 0);
            SplitRing.descriptor(table, 0, -16, GOOD_LENGTH, 0, 0xFFFF);
            SplitRing.descriptor(table, 0, Rings.END - 8, (i & 7) + 1, 1, 1);
            SplitRing.descriptor(table, 0, Rings.TABLES, 16 + (i & 1), 4, 0);
        }
    }
}
