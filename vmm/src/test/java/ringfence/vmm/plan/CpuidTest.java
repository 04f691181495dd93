package ringfence.vmm.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.vmm.kvm.CpuidEntry;

/** CPUID as Intel SDM volume 2 and AMD APM volume 3 have it, for hosts that the lab cannot show. */
class CpuidTest {
    private static final CpuidEntry KVM = CpuidEntry.leaf(0x40000000, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);

    private static List<CpuidEntry> intel() {
        return new ArrayList<>(List.of(
                CpuidEntry.leaf(0, 0x1F, 0x756e6547, 0x6c65746e, 0x49656e69),
                CpuidEntry.leaf(1, 0x606A6, 0x77_20_0800, 1 << 5 | 1 << 3, 0),
                CpuidEntry.subleaf(4, 0, 0xFC004121, 0x02C0003F, 0x3F, 0),
                CpuidEntry.subleaf(4, 3, 0xFC0FC163, 0x02C0003F, 0xFFF, 0),
                CpuidEntry.subleaf(4, 4, 0, 0, 0, 0),
                CpuidEntry.subleaf(0xB, 0, 1, 2, 0x100, 0x77),
                CpuidEntry.subleaf(0x1F, 0, 1, 2, 0x100, 0x77),
                KVM,
                CpuidEntry.leaf(0x40000001, 0xFF, 0, 0, 0),
                CpuidEntry.leaf(0x80000001, 0, 0, 0x121, 0),
                CpuidEntry.leaf(0x80000008, 0x3034, 0, 0, 0)));
    }

    private static List<CpuidEntry> amd() {
        return new ArrayList<>(List.of(
                CpuidEntry.leaf(0, 0x10, 0x68747541, 0x444d4163, 0x69746e65),
                CpuidEntry.leaf(1, 0x800F12, 0x77_20_0800, 0, 0),
                KVM,
                CpuidEntry.leaf(0x80000001, 0, 0, 1 << 22 | 1 << 2, 0),
                CpuidEntry.leaf(0x80000008, 0x3030, 0, 0x703F, 0),
                CpuidEntry.leaf(0x8000000A, 1, 8, 0, 1),
                CpuidEntry.leaf(0x8000001E, 0x77, 0x101, 0x303, 0)));
    }

    private static CpuidPlan plan(Topology topology) {
        return new CpuidPlan(topology, 46, true, 2_000_000, true);
    }

    private static CpuidEntry leaf(List<CpuidEntry> entries, int function, int index) {
        return entries.stream()
                .filter(e -> e.function() == function && e.index() == index)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no leaf " + Integer.toHexString(function) + "." + index));
    }

    @Test
    void everyProcessorHasItsOwnApicIdInEveryLeafThatHoldsOne() {
        Topology topology = new Topology(2, 3, 1, 2);
        for (int cpu = 0; cpu < topology.cpus(); cpu++) {
            int id = topology.apicId(cpu);
            List<CpuidEntry> intel = Cpuid.of(intel(), plan(topology), cpu);
            assertThat(leaf(intel, 1, 0).ebx() >>> 24).isEqualTo(id);
            for (int index = 0; index < 3; index++) {
                assertThat(leaf(intel, 0xB, index).edx()).isEqualTo(id);
                assertThat(leaf(intel, 0x1F, index).edx()).isEqualTo(id);
            }
            assertThat(leaf(Cpuid.of(amd(), plan(topology), cpu), 0x8000001E, 0).eax())
                    .isEqualTo(id);
        }
    }

    @Test
    void theHostsTopologyIsNowhereLeft() {
        List<CpuidEntry> one = Cpuid.of(intel(), plan(Topology.flat(1)), 0);
        assertThat(leaf(one, 1, 0).ebx()).isEqualTo(0x0001_0800);
        assertThat(leaf(one, 1, 0).edx() >>> 28 & 1).isZero();
        assertThat(leaf(one, 4, 3).eax() >>> 14).isZero();
        assertThat(leaf(one, 4, 4)).isEqualTo(CpuidEntry.subleaf(4, 4, 0, 0, 0, 0));
        assertThat(one.stream().filter(e -> e.function() == 0xB)).hasSize(3);
    }

    @Test
    void levelsOfLeafBAnd1F() {
        Topology dies = new Topology(2, 2, 2, 1);
        List<CpuidEntry> entries = Cpuid.of(intel(), plan(dies), 5);
        assertThat(leaf(entries, 0xB, 0)).isEqualTo(CpuidEntry.subleaf(0xB, 0, 1, 2, 0x100, 5));
        assertThat(leaf(entries, 0xB, 1)).isEqualTo(CpuidEntry.subleaf(0xB, 1, 3, 8, 0x201, 5));
        assertThat(leaf(entries, 0x1F, 1)).isEqualTo(CpuidEntry.subleaf(0x1F, 1, 2, 4, 0x201, 5));
        assertThat(leaf(entries, 0x1F, 2)).isEqualTo(CpuidEntry.subleaf(0x1F, 2, 3, 8, 0x502, 5));
        assertThat(leaf(entries, 0x1F, 3)).isEqualTo(CpuidEntry.subleaf(0x1F, 3, 0, 0, 3, 5));
    }

    @Test
    void amdGetsLeafBButNot1FAndItsOwnTopologyLeaves() {
        List<CpuidEntry> entries = Cpuid.of(amd(), plan(new Topology(2, 2, 1, 1)), 3);
        assertThat(leaf(entries, 0, 0).eax()).isEqualTo(0x10);
        assertThat(entries.stream().filter(e -> e.function() == 0x1F)).isEmpty();
        assertThat(leaf(entries, 0x8000001E, 0)).isEqualTo(CpuidEntry.leaf(0x8000001E, 3, 0x101, 0, 0));
        assertThat(leaf(entries, 0x80000001, 0).ecx() & 2).isEqualTo(2);
        assertThat(leaf(entries, 0x80000008, 0).ecx()).isEqualTo(0x2003);
    }

    @Test
    void tscDeadlineComesFromTheCapabilityAlone() {
        CpuidPlan without = new CpuidPlan(Topology.flat(1), 46, false, 0, true);
        assertThat(leaf(Cpuid.of(intel(), plan(Topology.flat(1)), 0), 1, 0).ecx() >>> 24 & 1)
                .isOne();
        assertThat(leaf(Cpuid.of(intel(), without, 0), 1, 0).ecx() >>> 24 & 1).isZero();
    }

    @Test
    void hypervisorBitX2apicAndFrequencies() {
        List<CpuidEntry> entries = Cpuid.of(amd(), plan(Topology.flat(1)), 0);
        assertThat(leaf(entries, 1, 0).ecx() >>> 31).isOne();
        assertThat(leaf(entries, 1, 0).ecx() >>> 21 & 1).isOne();
        assertThat(leaf(entries, 0x40000000, 0)).isEqualTo(KVM.with(0x40000010, KVM.ebx(), KVM.ecx(), KVM.edx()));
        assertThat(leaf(entries, 0x40000010, 0).eax()).isEqualTo(2_000_000);
    }

    @Test
    void addressWidthIsTheLesserOfHostAndPlan() {
        CpuidPlan narrow = new CpuidPlan(Topology.flat(1), 39, true, 0, true);
        assertThat(leaf(Cpuid.of(intel(), narrow, 0), 0x80000008, 0).eax()).isEqualTo(0x3027);
        assertThat(leaf(Cpuid.of(amd(), plan(Topology.flat(1)), 0), 0x80000008, 0)
                                .eax()
                        & 0xFF)
                .isEqualTo(46);
        assertThat(Cpuid.physBits(amd())).isEqualTo(48);
        assertThat(Cpuid.physBits(List.of())).isEqualTo(36);
    }

    @Test
    void guestsOfGuestsCanBeForbidden() {
        CpuidPlan flat = new CpuidPlan(Topology.flat(1), 46, true, 0, false);
        assertThat(leaf(Cpuid.of(intel(), flat, 0), 1, 0).ecx() >>> 5 & 1).isZero();
        List<CpuidEntry> entries = Cpuid.of(amd(), flat, 0);
        assertThat(leaf(entries, 0x80000001, 0).ecx() >>> 2 & 1).isZero();
        assertThat(entries.stream().filter(e -> e.function() == 0x8000000A)).isEmpty();
    }
}
