package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.virtio.RingFormat;
import ringfence.virtio.queue.QueueFault.Reason;

/** VHOST_F_LOG_ALL: every page that the ring or the device writes is marked, and no other. */
class DirtyLogTest {
    private static final long DATA_PAGE = Rings.DATA / DirtyLog.PAGE;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment bits = arena.allocate(DirtyLog.bytesFor(Rings.END + 4096), 8);
    private final DirtyLog log = new DirtyLog(bits);
    private final Rings rings = Rings.of(RingFormat.SPLIT).size(8).region(Rings.END, 4096);

    @AfterEach
    void unmap() {
        rings.close();
        arena.close();
    }

    /** Bit {@code page % 8} of byte {@code page / 8}; marking clears what was found. */
    private Set<Long> marked() {
        Set<Long> pages = new TreeSet<>();
        for (long page = 0; page < bits.byteSize() * 8; page++) {
            if ((bits.get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0) {
                pages.add(page);
            }
        }
        bits.fill((byte) 0);
        return pages;
    }

    @Test
    void marksThePagesOfARange() {
        log.mark(4095, 2);
        assertThat(marked()).containsExactly(0L, 1L);
        log.mark(63 * 4096, 2 * 4096);
        assertThat(marked()).containsExactly(63L, 64L);
        log.mark(5 * 4096 + 7, 1);
        assertThat(marked()).containsExactly(5L);
        log.mark(5 * 4096 + 7, 0);
        assertThat(marked()).isEmpty();
    }

    @Test
    void neverWritesBeyondItsEnd() {
        MemorySegment small = bits.asSlice(0, 8);
        DirtyLog two = new DirtyLog(small);
        assertThat(two.covers(64 * 4096)).isTrue();
        assertThat(two.covers(64 * 4096 + 1)).isFalse();
        assertThatThrownBy(() -> two.mark(64 * 4096, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new DirtyLog(bits.asSlice(0, 15))).isInstanceOf(IllegalArgumentException.class);
        assertThat(marked()).isEmpty();
    }

    /** What a chain's completion writes: its writable buffers, the element, the index. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCompletionMarksWhatTheDeviceMayHaveWritten(boolean eventIdx) {
        if (eventIdx) {
            rings.eventIdx();
        }
        rings.start();
        rings.queue().log(log, rings.config().usedRing());
        rings.offers(1).takes();
        assertThat(marked()).as("nothing is written yet").isEmpty();
        rings.queue().complete(rings.chain().head(), 1);
        long ringPage = rings.config().usedRing() / DirtyLog.PAGE;
        assertThat(marked()).containsExactly(ringPage, DATA_PAGE + 1);
        rings.queue().armKick();
        assertThat(marked()).containsExactly(ringPage);
        rings.queue().log(null, 0);
        rings.offers(1).completes(1).queue().armKick();
        assertThat(marked()).isEmpty();
    }

    /** The front-end may have the used ring elsewhere in its log. */
    @Test
    void marksTheUsedRingWhereTheLogHasIt() {
        rings.start();
        rings.queue().log(log, 77 * 4096);
        rings.offers(1).completes(1);
        assertThat(marked()).containsExactly(77L, DATA_PAGE + 1);
    }

    @Test
    void marksBothSidesOfABufferThatIsSplit() {
        rings.start();
        rings.queue().log(log, rings.config().usedRing());
        rings.descriptor(0, Rings.END - 1, 2, 2, 0).available(0);
        rings.queue().complete(rings.takes().head(), 2);
        assertThat(marked()).contains(Rings.END / 4096 - 1, Rings.END / 4096);
    }

    /** What is marked is what was checked, whatever the guest makes of its descriptors meanwhile. */
    @Test
    void marksWhatWasCheckedNotWhatTheGuestWritesLater() {
        rings.start();
        rings.queue().log(log, rings.config().usedRing());
        rings.descriptor(0, Rings.DATA, 2, 2, 0).available(0).takes();
        rings.descriptor(0, 0x4000_0000_0000L, 0xFFFF_FFFFL, 2, 0);
        rings.queue().complete(0, 2);
        assertThat(marked()).containsExactly(rings.config().usedRing() / DirtyLog.PAGE, DATA_PAGE);
    }

    /** A hostile chain marks nothing. */
    @Test
    void aBrokenChainMarksNothing() {
        rings.start();
        rings.queue().log(log, rings.config().usedRing());
        rings.descriptor(0, Rings.DATA, 2, 3, 1).descriptor(1, -1, 16, 2, 0).available(0);
        rings.breaksWith(Reason.BUFFER_OUTSIDE_MEMORY);
        assertThat(marked()).isEmpty();
    }

    @Test
    void isNotSwitchedWhileSomethingIsInFlight() {
        rings.start().offers(1).takes();
        assertThatThrownBy(() -> rings.queue().log(log, 0)).isInstanceOf(IllegalStateException.class);
    }
}
