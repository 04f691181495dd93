package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.virtio.queue.Rings.DATA;
import static ringfence.virtio.queue.Rings.END;
import static ringfence.virtio.queue.Rings.TABLES;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.virtio.RingFormat;
import ringfence.virtio.queue.QueueFault.Reason;

/** Every rule that a driver can break in a split ring ends in BROKEN, with its name, and in nothing else. */
class HostileDriverTest {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final Rings rings = Rings.of(RingFormat.SPLIT).size(8);

    @AfterEach
    void unmap() {
        rings.close();
    }

    @Test
    void aDescriptorThatIsItsOwnNext() {
        rings.start().descriptor(0, DATA, 16, NEXT, 0).available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    @Test
    void aLoopOfTwo() {
        rings.start()
                .descriptor(0, DATA, 16, NEXT, 1)
                .descriptor(1, DATA, 16, NEXT, 0)
                .available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    @Test
    void aLoopOfEmptyDescriptors() {
        rings.start().descriptor(0, DATA, 0, NEXT, 0).available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    @Test
    void aLoopWithinAnIndirectTable() {
        rings.start()
                .descriptor(0, TABLES, 32, INDIRECT, 0)
                .descriptorAt(TABLES, DATA, 16, NEXT, 1)
                .descriptorAt(TABLES + 16, DATA, 16, NEXT, 0)
                .available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    /** 2.7.5.3.1: a chain is no longer than the queue, in an indirect table too. */
    @Test
    void aChainLongerThanTheQueue() {
        rings.start().descriptor(0, TABLES, 9 * 16, INDIRECT, 0);
        for (int i = 0; i < 9; i++) {
            rings.descriptorAt(TABLES + 16 * i, DATA, 16, i < 8 ? NEXT : 0, i + 1);
        }
        rings.available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    @Test
    void aChainAsLongAsTheQueueIsLegal() {
        rings.start().descriptor(0, TABLES, 9 * 16, INDIRECT, 0);
        for (int i = 0; i < 8; i++) {
            rings.descriptorAt(TABLES + 16 * i, DATA, 16, i < 7 ? NEXT : 0, i + 1);
        }
        rings.available(0);
        assertThat(rings.takes().count()).isEqualTo(8);
    }

    /** Normal descriptors before an indirect one count, too. */
    @Test
    void aChainThatIsTooLongInSum() {
        rings.start().descriptor(0, DATA, 16, NEXT, 1).descriptor(1, TABLES, 9 * 16, INDIRECT, 0);
        for (int i = 0; i < 8; i++) {
            rings.descriptorAt(TABLES + 16 * i, DATA, 16, i < 7 ? NEXT : 0, i + 1);
        }
        rings.available(0);
        rings.breaksWith(Reason.CHAIN_TOO_LONG);
    }

    @Test
    void anIndirectTableThatWasNotNegotiated() {
        rings.withoutIndirect().start().descriptor(0, TABLES, 16, INDIRECT, 0).available(0);
        rings.breaksWith(Reason.INDIRECT_NOT_NEGOTIATED);
    }

    @Test
    void anIndirectTableWithinAnIndirectTable() {
        rings.start()
                .descriptor(0, TABLES, 16, INDIRECT, 0)
                .descriptorAt(TABLES, TABLES + 16, 16, INDIRECT, 0)
                .available(0);
        rings.breaksWith(Reason.INDIRECT_NESTED);
    }

    @Test
    void anIndirectTableThatIsToBeContinued() {
        rings.start().descriptor(0, TABLES, 16, INDIRECT | NEXT, 1).available(0);
        rings.breaksWith(Reason.INDIRECT_WITH_NEXT);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 17, 8, (1 << 20) + 16, 0xFFFF_FFF0L, 0xFFFF_FFFFL})
    void anIndirectTableOfThisLength(long length) {
        rings.start().descriptor(0, TABLES, length, INDIRECT, 0).available(0);
        rings.breaksWith(Reason.INDIRECT_BAD_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(longs = {END - 16, END, -16, 0x7FFF_FFFF_FFFF_FFF0L, 0xDEAD_0000_0000L})
    void anIndirectTableOutsideMemory(long address) {
        rings.start().descriptor(0, address, 32, INDIRECT, 0).available(0);
        rings.breaksWith(Reason.INDIRECT_OUTSIDE_MEMORY);
    }

    /** Adjacent for the guest, not for us. */
    @Test
    void anIndirectTableAcrossRegions() {
        rings.region(END, 0x1000)
                .start()
                .descriptor(0, END - 16, 32, INDIRECT, 0)
                .available(0);
        rings.breaksWith(Reason.INDIRECT_OUTSIDE_MEMORY);
    }

    /** 2.7.4.2. */
    @Test
    void aReadableBufferAfterAWritableOne() {
        rings.start()
                .descriptor(0, DATA, 16, NEXT | WRITE, 1)
                .descriptor(1, DATA, 16, 0, 0)
                .available(0);
        rings.breaksWith(Reason.READABLE_AFTER_WRITABLE);
    }

    @Test
    void aReadableBufferAfterAnEmptyWritableOne() {
        rings.start()
                .descriptor(0, DATA, 0, NEXT | WRITE, 1)
                .descriptor(1, DATA, 16, 0, 0)
                .available(0);
        rings.breaksWith(Reason.READABLE_AFTER_WRITABLE);
    }

    @Test
    void aReadableBufferInATableAfterAWritableOneOutside() {
        rings.start()
                .descriptor(0, DATA, 16, NEXT | WRITE, 1)
                .descriptor(1, TABLES, 16, INDIRECT, 0)
                .descriptorAt(TABLES, DATA, 16, 0, 0)
                .available(0);
        rings.breaksWith(Reason.READABLE_AFTER_WRITABLE);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {-1, -16, Long.MAX_VALUE, Long.MAX_VALUE - 15, Long.MIN_VALUE, END, END - 15, 0xDEAD_0000_0000L})
    void aBufferThatIsNotAllMemory(long address) {
        for (int flags : new int[] {0, WRITE}) {
            try (Rings one = Rings.of(RingFormat.SPLIT).start()) {
                one.descriptor(0, address, 16, flags, 0).available(0);
                one.breaksWith(Reason.BUFFER_OUTSIDE_MEMORY);
            }
        }
    }

    @Test
    void aBufferOfFourGigabytes() {
        rings.start().descriptor(0, 0, 0xFFFF_FFFFL, 0, 0).available(0);
        rings.breaksWith(Reason.BUFFER_OUTSIDE_MEMORY);
    }

    /** An address that is no memory is never looked at if there are no bytes. */
    @Test
    void anEmptyBufferAnywhereIsNoBuffer() {
        rings.start()
                .descriptor(0, -1, 0, NEXT, 1)
                .descriptor(1, 0xDEAD_0000_0000L, 0, NEXT | WRITE, 2)
                .descriptor(2, DATA, 1, WRITE, 0)
                .available(0);
        ChainCursor chain = rings.takes();
        assertThat(chain.count()).isEqualTo(1);
        assertThat(chain.readable()).isZero();
        assertThat(chain.writableBytes()).isEqualTo(1);
    }

    @Test
    void aChainOfNothing() {
        rings.start().descriptor(0, -1, 0, 0, 0).available(0);
        ChainCursor chain = rings.takes();
        assertThat(chain.count()).isZero();
        rings.queue().complete(chain.head(), 0);
        assertThat(rings.driver().hasUsed()).isTrue();
    }

    /** Adjacent for the guest, not for us: the buffer becomes two. */
    @Test
    void aBufferAcrossAdjacentRegionsIsSplit() {
        rings.region(END, 0x1000)
                .start()
                .descriptor(0, END - 8, 16, NEXT, 1)
                .descriptor(1, END - 1, 0x1001, WRITE, 0)
                .available(0);
        ChainCursor chain = rings.takes();
        assertThat(chain.count()).isEqualTo(4);
        assertThat(chain.readable()).isEqualTo(2);
        assertThat(chain.guestAddress(0)).isEqualTo(END - 8);
        assertThat(chain.length(0)).isEqualTo(8);
        assertThat(chain.guestAddress(1)).isEqualTo(END);
        assertThat(chain.length(1)).isEqualTo(8);
        assertThat(chain.length(2)).isEqualTo(1);
        assertThat(chain.offset(3)).isZero();
        assertThat(chain.length(3)).isEqualTo(0x1000);
        assertThat(chain.segment(3).address())
                .isNotEqualTo(chain.segment(2).address() + chain.segment(2).byteSize());
    }

    @Test
    void aBufferThatReachesOneByteBeyondTheLastRegion() {
        rings.region(END, 0x1000).start().descriptor(0, END - 8, 0x1009, 0, 0).available(0);
        rings.breaksWith(Reason.BUFFER_OUTSIDE_MEMORY);
    }

    @Test
    void moreHeadsThanTheQueueHasEntries() {
        rings.start().availableIndex(9);
        rings.breaksWith(Reason.AVAILABLE_INDEX_JUMP);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x8001, 0xFFFF, 10})
    void anIndexThatJumps(int index) {
        rings.start().availableIndex(index);
        rings.breaksWith(Reason.AVAILABLE_INDEX_JUMP);
    }

    /** 2.7.6.1. */
    @Test
    void anIndexThatGoesBack() {
        rings.start().offers(2).completes(2).availableIndex(1);
        rings.breaksWith(Reason.AVAILABLE_INDEX_JUMP);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 0x7FFF, 0x8000, 0xFFFF})
    void aHeadBeyondTheTable(int head) {
        rings.start().available(head);
        rings.breaksWith(Reason.HEAD_OUT_OF_RANGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 0x7FFF, 0xFFFF})
    void aNextBeyondTheTable(int next) {
        rings.start().descriptor(0, DATA, 16, NEXT, next).available(0);
        rings.breaksWith(Reason.NEXT_OUT_OF_RANGE);
    }

    /** The indirect table has an end of its own. */
    @Test
    void aNextBeyondTheIndirectTable() {
        rings.start()
                .descriptor(0, TABLES, 32, INDIRECT, 0)
                .descriptorAt(TABLES, DATA, 16, NEXT, 2)
                .available(0);
        rings.breaksWith(Reason.NEXT_OUT_OF_RANGE);
    }

    @Test
    void aHeadThatIsInFlightAlready() {
        rings.start().descriptor(0, DATA, 16, 0, 0).availableEntry(0, 0).availableEntry(1, 0);
        rings.availableIndex(1);
        int head = rings.takes().head();
        rings.availableIndex(2);
        rings.breaksWith(Reason.HEAD_IN_FLIGHT);
        rings.queue().complete(head, 0); // what is in flight may still end
        assertThat(rings.queue().inFlight()).isZero();
    }

    @Test
    void aHeadAgainAfterItsCompletionIsLegal() {
        rings.start().descriptor(0, DATA, 16, 0, 0).availableEntry(0, 0).availableEntry(1, 0);
        rings.availableIndex(2);
        rings.queue().complete(rings.takes().head(), 0);
        assertThat(rings.takes().head()).isZero();
    }

    /** 2.7.5.2: no more than 2^32 bytes in a chain; four descriptors over the same 2 GiB are more. */
    @Test
    void moreBytesThanAnyRequestHas() {
        long big = 0x1_0000_0000L;
        try (Rings one = Rings.of(RingFormat.SPLIT).region(big, 0xC000_0000L).start()) {
            one.descriptor(0, big, 0x8000_0000L, NEXT, 1)
                    .descriptor(1, big, 0x8000_0000L, NEXT | WRITE, 2)
                    .descriptor(2, big, 1, WRITE, 0)
                    .available(0);
            one.breaksWith(Reason.TOO_MANY_BYTES);
        }
        try (Rings one = Rings.of(RingFormat.SPLIT).region(big, 0xC000_0000L).start()) {
            one.descriptor(0, big, 0x8000_0000L, NEXT, 1)
                    .descriptor(1, big, 0x8000_0000L, WRITE, 0)
                    .available(0);
            assertThat(one.takes().readableBytes()).isEqualTo(0x8000_0000L);
            assertThat(one.chain().count()).as("pieces of at most 1 GiB").isEqualTo(4);
        }
    }

    /** A cursor of fixed capacity and a guest whose every buffer straddles: refused, not overrun. */
    @Test
    void moreBuffersThanTheCursorTakes() {
        rings.region(END, 0x1000).size(32).start().descriptor(0, TABLES, 32 * 16, INDIRECT, 0);
        for (int i = 0; i < 32; i++) {
            rings.descriptorAt(TABLES + 16 * i, END - 8, 16, i < 31 ? NEXT : 0, i + 1);
        }
        rings.available(0);
        rings.breaksWith(Reason.TOO_MANY_PIECES);
    }

    /** The fault names the place. */
    @Test
    void theFaultIsOneLine() {
        rings.start()
                .descriptor(3, DATA, 16, NEXT, 4)
                .descriptor(4, -1, 16, 0, 0)
                .available(3);
        rings.breaksWith(Reason.BUFFER_OUTSIDE_MEMORY);
        assertThat(rings.queue().fault())
                .hasToString("BUFFER_OUTSIDE_MEMORY head=3 descriptor=4 value=0xffffffffffffffff");
    }

    /** A broken chain is not taken: a queue that is set up again at the state left finds it first. */
    @Test
    void theStateLeftIsBeforeTheBrokenChain() {
        rings.start().offers(1).completes(1).availableEntry(1, 9).availableIndex(2);
        rings.breaksWith(Reason.HEAD_OUT_OF_RANGE);
        assertThat(rings.queue().stop()).isEqualTo(new QueueState(1, 1));
    }
}
