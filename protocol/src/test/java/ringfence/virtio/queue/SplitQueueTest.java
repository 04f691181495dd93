package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.virtio.queue.Rings.DATA;
import static ringfence.virtio.queue.Rings.TABLES;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.virtio.RingFormat;
import ringfence.virtio.queue.QueueFault.Reason;

/** Virtio 1.3, 2.7: what a device does with a well-behaved driver. */
class SplitQueueTest {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final Rings rings = Rings.of(RingFormat.SPLIT).size(8);

    @AfterEach
    void unmap() {
        rings.close();
    }

    /** 2.7.6: nothing is there until avail.idx says so. */
    @Test
    void findsNothingBeforeTheIndexMoves() {
        rings.start().descriptor(3, DATA, 16, 0, 0).availableEntry(0, 3);
        assertThat(rings.queue().poll(rings.chain())).isEqualTo(Verdict.EMPTY);
        rings.availableIndex(1);
        assertThat(rings.takes().head()).isEqualTo(3);
        assertThat(rings.queue().poll(rings.chain())).isEqualTo(Verdict.EMPTY);
    }

    /** 2.7.5: addr, len, flags and next of each descriptor, chained by NEXT. */
    @Test
    void followsAChain() {
        rings.start()
                .descriptor(2, DATA, 16, NEXT, 7)
                .descriptor(7, DATA + 0x100, 32, NEXT, 0)
                .descriptor(0, DATA + 0x200, 512, NEXT | WRITE, 1)
                .descriptor(1, DATA + 0x400, 1, WRITE, 0xFFFF)
                .available(2);
        ChainCursor chain = rings.takes();
        assertThat(chain.head()).isEqualTo(2);
        assertThat(chain.count()).isEqualTo(4);
        assertThat(chain.readable()).isEqualTo(2);
        assertThat(chain.writable()).isEqualTo(2);
        assertThat(chain.readableBytes()).isEqualTo(48);
        assertThat(chain.writableBytes()).isEqualTo(513);
        assertThat(chain.guestAddress(1)).isEqualTo(DATA + 0x100);
        assertThat(chain.length(2)).isEqualTo(512);
        assertThat(chain.segment(3).asSlice(chain.offset(3)).address())
                .isEqualTo(rings.table().segment(0).address() + DATA + 0x400);
    }

    /** 2.7.5.3.2: the WRITE flag of the descriptor that refers to the table counts for nothing. */
    @Test
    void followsAnIndirectTable() {
        rings.start()
                .descriptor(5, TABLES, 48, INDIRECT | WRITE, 0)
                .descriptorAt(TABLES, DATA, 16, NEXT, 2)
                .descriptorAt(TABLES + 32, DATA + 0x100, 8, WRITE, 0)
                .available(5);
        ChainCursor chain = rings.takes();
        assertThat(chain.head()).isEqualTo(5);
        assertThat(chain.readableBytes()).isEqualTo(16);
        assertThat(chain.writableBytes()).isEqualTo(8);
    }

    /** 2.7.5.3.2: zero or more normal descriptors, then one that is indirect. */
    @Test
    void followsAnIndirectTableAfterNormalDescriptors() {
        rings.start()
                .descriptor(0, DATA, 16, NEXT, 1)
                .descriptor(1, TABLES + 8, 16, INDIRECT, 0)
                .descriptorAt(TABLES + 8, DATA + 0x100, 8, WRITE, 0)
                .available(0);
        ChainCursor chain = rings.takes();
        assertThat(chain.readable()).isEqualTo(1);
        assertThat(chain.writable()).isEqualTo(1);
    }

    /** 2.7.8: id and len in the used ring, len before idx; idx free-running. */
    @Test
    void usesInAnyOrder() {
        rings.start().offers(3);
        int first = rings.takes().head();
        int second = rings.takes().head();
        int third = rings.takes().head();
        long used = rings.config().usedRing();
        rings.queue().complete(third, 7);
        assertThat(rings.read(used + 2, 2)).isEqualTo(1);
        rings.queue().complete(first, -1);
        rings.queue().complete(second, 0);
        assertThat(rings.read(used + 2, 2)).isEqualTo(3);
        assertThat(rings.read(used + 4, 4)).isEqualTo(third);
        assertThat(rings.read(used + 8, 4)).isEqualTo(7);
        assertThat(rings.read(used + 12, 4)).isEqualTo(first);
        assertThat(rings.read(used + 16, 4)).as("unsigned 32 bits").isEqualTo(0xFFFF_FFFFL);
        assertThat(rings.queue().inFlight()).isZero();
    }

    /** 2.7.6: the index wraps at 65536, not at the queue's size. */
    @Test
    void goesRoundTheIndexSpace() {
        rings.from(0xFFFE, 0xFFFD).start();
        for (int i = 0; i < 8; i++) {
            rings.descriptor(i, DATA, 16, 0, 0).availableEntry(i, i);
        }
        rings.availableIndex(3); // five chains
        assertThat(rings.takes().head()).as("slot of index 0xFFFE").isEqualTo(6);
        assertThat(rings.takes().head()).isEqualTo(7);
        assertThat(rings.takes().head()).isZero();
        rings.queue().complete(6, 0);
        rings.queue().complete(7, 0);
        rings.queue().complete(0, 0);
        assertThat(rings.read(rings.config().usedRing() + 2, 2)).isZero();
        assertThat(rings.queue().stop()).isEqualTo(new QueueState(1, 0));
    }

    /** A queue of the largest size, and of the smallest. */
    @Test
    void takesEverySizeThatIsAPowerOfTwo() {
        for (int size : new int[] {1, 2, 32768}) {
            try (Rings one = Rings.of(RingFormat.SPLIT).size(size).start()) {
                for (int i = 0; i < size; i++) {
                    one.descriptor(i, DATA, 16, 0, 0).availableEntry(i, i);
                }
                one.availableIndex(size);
                for (int i = 0; i < size; i++) {
                    assertThat(one.takes().head()).isEqualTo(i);
                }
                assertThat(one.queue().inFlight()).isEqualTo(size);
                assertThat(one.queue().poll(one.chain())).isEqualTo(Verdict.EMPTY);
            }
        }
    }

    /** 2.7: sizes and alignments; a ring lies in one region, with its whole length. */
    @Test
    void refusesARingThatCannotBe() {
        rings.region(Rings.END, 4096).start();
        refuses(new QueueConfig(0, 0, 0, 0, false, false), Reason.BAD_SIZE);
        refuses(new QueueConfig(3, 0, 0, 0, false, false), Reason.BAD_SIZE);
        refuses(new QueueConfig(-8, 0, 0, 0, false, false), Reason.BAD_SIZE);
        refuses(new QueueConfig(65536, 0, 0, 0, false, false), Reason.BAD_SIZE);
        refuses(new QueueConfig(8, 8, 0x1000, 0x2000, false, false), Reason.BAD_ALIGNMENT);
        refuses(new QueueConfig(8, 16, 0x1001, 0x2000, false, false), Reason.BAD_ALIGNMENT);
        refuses(new QueueConfig(8, 16, 0x1000, 0x2002, false, false), Reason.BAD_ALIGNMENT);
        refuses(new QueueConfig(8, Rings.END - 64, 0x1000, 0x2000, false, false), Reason.RING_OUTSIDE_MEMORY);
        refuses(new QueueConfig(8, 16, Rings.END - 20, 0x2000, false, false), Reason.RING_OUTSIDE_MEMORY);
        refuses(new QueueConfig(8, 16, 0x1000, Rings.END - 68, false, false), Reason.RING_OUTSIDE_MEMORY);
        refuses(new QueueConfig(8, 16, 0x1000, Rings.END + 4096, false, false), Reason.RING_OUTSIDE_MEMORY);
        refuses(new QueueConfig(8, -16, 0x1000, 0x2000, false, false), Reason.RING_OUTSIDE_MEMORY);
        refuses(new QueueConfig(RingFormat.PACKED, 8, 16, 0x1000, 0x2000, false, false), Reason.BAD_FORMAT);
    }

    private void refuses(QueueConfig config, Reason reason) {
        assertThatThrownBy(() -> Virtqueue.start(config, rings.table(), QueueState.FRESH))
                .isInstanceOfSatisfying(
                        QueueException.class,
                        e -> assertThat(e.fault().reason()).isEqualTo(reason));
    }

    /** SET_VRING_BASE carries the available index alone; the used index is what the ring says. */
    @Test
    void resumesWhereTheRingStands() {
        rings.start().offers(3).completes(2);
        assertThat(SplitQueue.resume(rings.config(), rings.table(), 3)).isEqualTo(new QueueState(3, 2));
    }

    /** What a successor replays: a chain by its head, the available ring untouched. */
    @Test
    void loadsAChainAgainByItsHead() {
        rings.start().offers(3);
        int first = rings.takes().head();
        QueueState state = rings.queue().stop();
        Virtqueue successor = Virtqueue.start(rings.config(), rings.table(), state);
        assertThat(successor.load(first, rings.chain())).isEqualTo(Verdict.CHAIN);
        assertThat(rings.chain().readableBytes()).isEqualTo(16);
        assertThat(successor.inFlight()).isEqualTo(1);
        assertThat(successor.poll(rings.chain())).isEqualTo(Verdict.CHAIN);
        assertThat(rings.chain().head()).isNotEqualTo(first);
        assertThat(successor.load(first, rings.chain())).isEqualTo(Verdict.BROKEN);
        assertThat(successor.fault().reason()).isEqualTo(Reason.HEAD_IN_FLIGHT);
    }

    @Test
    void loadsNoHeadThatCannotBe() {
        for (int head : new int[] {-1, 8, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            Virtqueue queue = Virtqueue.start(rings.start().config(), rings.table(), QueueState.FRESH);
            assertThat(queue.load(head, rings.chain())).isEqualTo(Verdict.BROKEN);
            assertThat(queue.fault().reason()).isEqualTo(Reason.HEAD_OUT_OF_RANGE);
        }
    }

    /** The device's own mistakes are not the guest's: they throw. */
    @Test
    void completesOnlyWhatIsInFlight() {
        rings.start().offers(1);
        int head = rings.takes().head();
        rings.queue().complete(head, 0);
        assertThatThrownBy(() -> rings.queue().complete(head, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rings.queue().complete(8, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rings.queue().complete(-1, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(rings.read(rings.config().usedRing() + 2, 2)).isEqualTo(1);
    }

    @Test
    void takesNothingOnceStopped() {
        rings.start().offers(1);
        assertThat(rings.queue().stop()).isEqualTo(QueueState.FRESH);
        assertThatThrownBy(() -> rings.queue().poll(rings.chain())).isInstanceOf(IllegalStateException.class);
    }

    /** A chain that is put back is polled again, and so are those after it. */
    @Test
    void aChainThatIsPutBackIsPolledAgain() {
        GuestDriver driver = GuestDriver.direct(rings.start().queue().config(), rings.table());
        for (int i = 0; i < 4; i++) {
            driver.begin(1);
            driver.writable(DATA + 64 * i, 64);
            driver.offer(i);
        }
        driver.publish();
        int[] heads = {rings.takes().head(), rings.takes().head(), rings.takes().head()};
        rings.queue().putBack(heads[2]);
        rings.queue().putBack(heads[1]);
        assertThat(rings.queue().inFlight()).isOne();
        assertThatThrownBy(() -> rings.queue().putBack(heads[1])).isInstanceOf(IllegalStateException.class);
        assertThat(rings.takes().head()).isEqualTo(heads[1]);
        assertThat(rings.takes().head()).isEqualTo(heads[2]);
        rings.queue().putBack(heads[2]);
        assertThat(rings.queue().stop().availableIndex()).isEqualTo(2);
    }

    /** 5.1.6.4: all buffers of a frame become visible at once. */
    @Test
    void chainsThatAreUsedAreVisibleOnceTheyArePublished() {
        GuestDriver driver = GuestDriver.direct(rings.start().queue().config(), rings.table());
        for (int i = 0; i < 3; i++) {
            driver.begin(1);
            driver.writable(DATA + 64 * i, 64);
            driver.offer(i);
        }
        driver.publish();
        for (int i = 0; i < 3; i++) {
            rings.queue().use(rings.takes().head(), 10 + i);
            assertThat(driver.hasUsed()).isFalse();
        }
        rings.queue().publish();
        for (int i = 0; i < 3; i++) {
            assertThat(driver.reap()).isNotNegative();
            assertThat(driver.cookie()).isEqualTo(i);
            assertThat(driver.written()).isEqualTo(10 + i);
        }
        assertThat(driver.hasUsed()).isFalse();
    }
}
