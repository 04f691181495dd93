package ringfence.vmm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryMapTest {
    private static final long GIB = 1L << 30;

    @Test
    void smallMachinesHaveOneRange() {
        assertThat(MemoryMap.of(512 << 20, 40).ram()).containsExactly(new AddressRange(0, 512 << 20));
        assertThat(MemoryMap.of(3 * GIB, 40).ram()).containsExactly(new AddressRange(0, 3 * GIB));
    }

    @Test
    void whatDoesNotFitBelowTheHoleGoesAbove4GiB() {
        assertThat(MemoryMap.of(3 * GIB + 4096, 40).ram())
                .containsExactly(new AddressRange(0, 3 * GIB), new AddressRange(4 * GIB, 4096));
    }

    @ParameterizedTest
    @ValueSource(longs = {2L << 20, 512L << 20, 3 * GIB, 3 * GIB + 4096, 64 * GIB})
    void nothingOverlaps(long size) {
        MemoryMap map = MemoryMap.of(size, 8 * GIB, 40);
        assertThat(map.ramSize()).isEqualTo(size);
        List<AddressRange> all = new ArrayList<>(map.ram());
        all.addAll(List.of(
                map.hotplug(),
                map.mmio32(),
                map.mmio64(),
                map.platform(),
                MemoryMap.ECAM,
                MemoryMap.KVM_TSS,
                MemoryMap.KVM_IDENTITY_MAP,
                MemoryMap.IOAPIC,
                MemoryMap.LAPIC));
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                assertThat(all.get(i).overlaps(all.get(j)))
                        .as(all.get(i) + " and " + all.get(j))
                        .isFalse();
            }
        }
        assertThat(map.platform().end()).isLessThanOrEqualTo(1L << 40);
        assertThat(map.platform().contains(map.eventRegister())).isTrue();
        assertThat(map.platform().contains(map.hotPlugRegisters())).isTrue();
        assertThat(map.eventRegister().overlaps(map.hotPlugRegisters())).isFalse();
    }

    /** Each has its bus, and as much of both windows as the others. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 96})
    void segmentsShareThePlaceForBars(int count) {
        MemoryMap map = MemoryMap.of(5 * GIB, 40);
        List<MemoryMap.Segment> segments = map.segments(count);
        assertThat(segments).hasSize(count);
        List<AddressRange> all = new ArrayList<>();
        for (MemoryMap.Segment segment : segments) {
            assertThat(MemoryMap.ECAM.contains(segment.ecam())).isTrue();
            assertThat(segment.ecam().size()).isEqualTo(1 << 20);
            assertThat(map.mmio32().contains(segment.below4Gib())).isTrue();
            assertThat(segment.below4Gib().size()).isGreaterThan((640L << 20) / count - (1 << 20));
            assertThat(map.mmio64().contains(segment.above4Gib())).isTrue();
            assertThat(segment.above4Gib().size()).isGreaterThan(map.mmio64().size() / count - GIB);
            all.addAll(List.of(segment.ecam(), segment.below4Gib(), segment.above4Gib()));
        }
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                assertThat(all.get(i).overlaps(all.get(j))).isFalse();
            }
        }
        assertThat(map.segments(1))
                .containsExactly(new MemoryMap.Segment(
                        new AddressRange(MemoryMap.ECAM.base(), 1 << 20), map.mmio32(), map.mmio64()));
    }

    @Test
    void aSegmentHasAddressesByItsWeight() {
        MemoryMap map = MemoryMap.of(5 * GIB, 40);
        List<MemoryMap.Segment> segments = map.segments(List.of(1, 4), List.of(3, 1));
        assertThat(segments.stream().map(segment -> segment.below4Gib().size()))
                .containsExactly(128L << 20, 512L << 20);
        long first = segments.getFirst().above4Gib().size();
        long second = segments.getLast().above4Gib().size();
        assertThat(first).isBetween(3 * second, 3 * second + 3 * GIB);
        assertThat(first + second).isGreaterThan(map.mmio64().size() - 2 * GIB);
        assertThat(segments.getLast().above4Gib().base())
                .isEqualTo(segments.getFirst().above4Gib().end());
        assertThatThrownBy(() -> map.segments(List.of(1, 1000), List.of(1, 1)))
                .isInstanceOf(PlanException.class)
                .hasMessage("PCI segment 0 has no addresses for 32-bit or for 64-bit BARs beside segments of so much"
                        + " larger a weight: give it more, or them less");
    }

    @Test
    void segmentsThatDoNotFitAreRefusedInOneLine() {
        assertThatThrownBy(() -> MemoryMap.of(4 * GIB, 36).segments(96))
                .isInstanceOf(PlanException.class)
                .hasMessage("96 PCI segments do not fit beside 4096 MiB of memory into a physical address of 36 bits:"
                        + " give 58 at most");
    }

    @Test
    void theKernelsMapIsAscendingAndReservesWhatIsNoRam() {
        List<MemoryMapEntry> entries = MemoryMap.of(5 * GIB, 40).entries();
        for (int i = 1; i < entries.size(); i++) {
            assertThat(entries.get(i).base())
                    .isGreaterThanOrEqualTo(
                            entries.get(i - 1).base() + entries.get(i - 1).size());
        }
        assertThat(entries)
                .contains(new MemoryMapEntry(MemoryMap.ECAM.base(), MemoryMap.ECAM.size(), MemoryMapEntry.RESERVED))
                .contains(new MemoryMapEntry(4 * GIB, 2 * GIB, MemoryMapEntry.RAM));
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() {
        assertThatThrownBy(() -> MemoryMap.of(64 * GIB, 36))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("65536 MiB")
                .hasMessageContaining("36 bits");
        assertThatThrownBy(() -> MemoryMap.of(0, 40)).isInstanceOf(PlanException.class);
        assertThatThrownBy(() -> MemoryMap.of(GIB + 1, 40)).isInstanceOf(PlanException.class);
        assertThatThrownBy(() -> MemoryMap.of(Long.MAX_VALUE - 4095, 46)).isInstanceOf(PlanException.class);
    }

    @Test
    void apicIdsAreUniqueAscendingAndHaveHolesWhereACountIsNoPowerOfTwo() {
        assertThat(Topology.flat(4).apicIds()).containsExactly(0, 1, 2, 3);
        Topology three = new Topology(1, 3, 1, 2);
        assertThat(three.apicIds()).containsExactly(0, 1, 2, 4, 5, 6);
        Topology large = new Topology(2, 5, 3, 2);
        assertThat(new HashSet<>(large.apicIds())).hasSize(60);
        assertThat(large.apicIds()).isSorted();
        assertThatThrownBy(() -> new Topology(4, 1, 1, 1)).hasMessageContaining("threads");
        assertThatThrownBy(() -> new Topology(2, 1 << 30, 1 << 30, 4)).isInstanceOf(PlanException.class);
    }
}
