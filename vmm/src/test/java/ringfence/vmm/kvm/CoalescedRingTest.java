package ringfence.vmm.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** As KVM fills it (virt/kvm/coalesced_mmio.c): an entry, then LAST; full when one more would meet FIRST. */
class CoalescedRingTest {
    private static final int CAPACITY = 170; // KVM_COALESCED_MMIO_MAX for pages of 4 KiB

    private final MemorySegment page = Arena.ofAuto().allocate(CoalescedRing.PAGE, 8);
    private final CoalescedRing ring = new CoalescedRing(page);

    private boolean put(int value) {
        int last = page.get(ValueLayout.JAVA_INT, CoalescedRing.LAST);
        int next = (last + 1) % CAPACITY;
        if (next == page.get(ValueLayout.JAVA_INT, CoalescedRing.FIRST)) {
            return false;
        }
        long entry = CoalescedRing.ENTRIES + (long) last * CoalescedRing.ENTRY_SIZE;
        page.set(ValueLayout.JAVA_LONG, entry, 0x3F8);
        page.set(ValueLayout.JAVA_INT, entry + 8, 1);
        page.set(ValueLayout.JAVA_INT, entry + 12, 1);
        page.set(ValueLayout.JAVA_BYTE, entry + CoalescedRing.ENTRY_DATA, (byte) value);
        page.set(ValueLayout.JAVA_INT, CoalescedRing.LAST, next);
        return true;
    }

    @Test
    void givesEachByteOnceInOrderRoundAndRound() {
        assertThat(ring.takeByte()).isEqualTo(-1);
        int put = 0;
        int taken = 0;
        for (int round = 0; round < 20; round++) {
            while (put - taken < 1 + round * 8 && put(put)) {
                put++;
            }
            for (int value = ring.takeByte(); value >= 0; value = ring.takeByte()) {
                assertThat(value).isEqualTo(taken++ & 0xFF);
            }
            assertThat(taken).isEqualTo(put);
        }
        assertThat(taken).isGreaterThan(5 * CAPACITY);
    }

    @Test
    void isReadToTheEndWhenItIsFull() {
        int put = 0;
        while (put(put)) {
            put++;
        }
        assertThat(put).isEqualTo(CAPACITY - 1);
        for (int i = 0; i < put; i++) {
            assertThat(ring.takeByte()).isEqualTo(i);
        }
        assertThat(ring.takeByte()).isEqualTo(-1);
    }
}
