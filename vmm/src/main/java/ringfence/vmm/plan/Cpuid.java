package ringfence.vmm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.vmm.kvm.CpuidEntry;

/**
 * The CPUID leaves of a processor: what KVM supports on this host, with the machine's own topology, address width and
 * hypervisor leaves in it. Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E; Documentation/virt/kvm/x86/cpuid.rst.
 */
public final class Cpuid {
    private static final int LEAF_FEATURES = 1;
    private static final int LEAF_CACHES = 4;
    private static final int LEAF_TOPOLOGY = 0xB;
    private static final int LEAF_TOPOLOGY_V2 = 0x1F;
    private static final int LEAF_HYPERVISOR = 0x40000000;
    private static final int LEAF_KVM_FREQUENCIES = 0x40000010;
    private static final int LEAF_EXTENDED_FEATURES = 0x80000001;
    private static final int LEAF_ADDRESS_SIZES = 0x80000008;
    private static final int LEAF_SVM = 0x8000000A;
    private static final int LEAF_AMD_CACHES = 0x8000001D;
    private static final int LEAF_AMD_TOPOLOGY = 0x8000001E;

    private static final int ECX_VMX = 1 << 5;
    private static final int ECX_X2APIC = 1 << 21;
    private static final int ECX_TSC_DEADLINE = 1 << 24;
    private static final int ECX_HYPERVISOR = 1 << 31;
    private static final int EDX_HTT = 1 << 28;
    private static final int EXTENDED_ECX_CMP_LEGACY = 1 << 1;
    private static final int EXTENDED_ECX_SVM = 1 << 2;
    private static final int TYPE_SMT = 1;
    private static final int TYPE_CORE = 2;
    private static final int TYPE_DIE = 5;
    /** KVM's LAPIC timer runs at 1 GHz. */
    private static final int APIC_BUS_KHZ = 1_000_000;

    private final CpuidPlan plan;
    private final Topology topology;
    private final int apicId;
    private final boolean amd;
    private final int maxBasicLeaf;

    private Cpuid(List<CpuidEntry> supported, CpuidPlan plan, int cpu) {
        this.plan = plan;
        topology = plan.topology();
        apicId = topology.apicId(cpu);
        CpuidEntry vendor = find(supported, 0, 0).orElse(CpuidEntry.leaf(0, 0, 0, 0, 0));
        amd = vendor.ebx() == 0x68747541 /* Auth */ || vendor.ebx() == 0x6f677948 /* Hygo */;
        maxBasicLeaf = Math.max(vendor.eax(), LEAF_TOPOLOGY);
    }

    /**
     * The leaves for KVM_SET_CPUID2.
     *
     * @param supported what KVM_GET_SUPPORTED_CPUID said
     * @param cpu the processor's number, 0 for the boot processor
     */
    public static List<CpuidEntry> of(List<CpuidEntry> supported, CpuidPlan plan, int cpu) {
        return new Cpuid(supported, plan, cpu).build(supported);
    }

    /** The width of a physical address that this host's KVM supports; 36 if it does not tell. */
    public static int physBits(List<CpuidEntry> supported) {
        return find(supported, LEAF_ADDRESS_SIZES, 0).map(e -> e.eax() & 0xFF).orElse(36);
    }

    private static Optional<CpuidEntry> find(List<CpuidEntry> entries, int function, int index) {
        return entries.stream()
                .filter(e -> e.function() == function && e.index() == index)
                .findFirst();
    }

    private List<CpuidEntry> build(List<CpuidEntry> supported) {
        List<CpuidEntry> result = new ArrayList<>();
        boolean frequencies =
                plan.tscKhz() > 0 && find(supported, LEAF_HYPERVISOR, 0).isPresent();
        for (CpuidEntry e : supported) {
            switch (e.function()) {
                case 0 -> result.add(e.with(maxBasicLeaf, e.ebx(), e.ecx(), e.edx()));
                case LEAF_FEATURES -> result.add(features(e));
                case LEAF_CACHES, LEAF_AMD_CACHES -> result.add(cache(e));
                case LEAF_HYPERVISOR -> result.add(hypervisor(e, frequencies));
                case LEAF_EXTENDED_FEATURES -> result.add(extendedFeatures(e));
                case LEAF_ADDRESS_SIZES -> result.add(addressSizes(e));
                case LEAF_SVM -> {
                    if (plan.nested()) {
                        result.add(e);
                    }
                }
                case LEAF_AMD_TOPOLOGY -> result.add(amdTopology(e));
                case LEAF_TOPOLOGY, LEAF_TOPOLOGY_V2, LEAF_KVM_FREQUENCIES -> {
                    // the host's say nothing about this machine: made below
                }
                default -> result.add(e);
            }
        }
        topology(result);
        if (frequencies) {
            result.add(CpuidEntry.leaf(LEAF_KVM_FREQUENCIES, plan.tscKhz(), APIC_BUS_KHZ, 0, 0));
        }
        return result;
    }

    private CpuidEntry features(CpuidEntry e) {
        int perPackage = Math.min(1 << topology.packageShift(), 255);
        int ebx = e.ebx() & 0x0000FFFF | perPackage << 16 | (apicId & 0xFF) << 24;
        int ecx = e.ecx() | ECX_HYPERVISOR | ECX_X2APIC;
        ecx = plan.tscDeadlineTimer() ? ecx | ECX_TSC_DEADLINE : ecx & ~ECX_TSC_DEADLINE;
        ecx = plan.nested() ? ecx : ecx & ~ECX_VMX;
        int edx = topology.cpusPerPackage() > 1 ? e.edx() | EDX_HTT : e.edx() & ~EDX_HTT;
        return e.with(e.eax(), ebx, ecx, edx);
    }

    /** Which processors share a cache: a core's own up to level 2, a die's at level 3. */
    private CpuidEntry cache(CpuidEntry e) {
        if ((e.eax() & 0x1F) == 0) {
            return e; // no cache: the end of the list
        }
        int level = e.eax() >> 5 & 7;
        int sharers = level < 3 ? 1 << topology.coreShift() : 1 << topology.dieShift();
        int eax = e.eax() & 0x00003FFF | Math.min(sharers - 1, 0xFFF) << 14;
        if (e.function() == LEAF_CACHES) {
            int cores = 1 << topology.packageShift() - topology.coreShift();
            eax |= Math.min(cores - 1, 0x3F) << 26;
        }
        return e.with(eax, e.ebx(), e.ecx(), e.edx());
    }

    private CpuidEntry hypervisor(CpuidEntry e, boolean frequencies) {
        int max = frequencies ? Math.max(e.eax(), LEAF_KVM_FREQUENCIES) : e.eax();
        return e.with(max, e.ebx(), e.ecx(), e.edx());
    }

    private CpuidEntry extendedFeatures(CpuidEntry e) {
        int ecx = plan.nested() ? e.ecx() : e.ecx() & ~EXTENDED_ECX_SVM;
        if (amd) {
            ecx = topology.cpusPerPackage() > 1 ? ecx | EXTENDED_ECX_CMP_LEGACY : ecx & ~EXTENDED_ECX_CMP_LEGACY;
        }
        return e.with(e.eax(), e.ebx(), ecx, e.edx());
    }

    private CpuidEntry addressSizes(CpuidEntry e) {
        int bits = Math.min(e.eax() & 0xFF, plan.physBits());
        int mappable = Math.min(e.eax() >> 16 & 0xFF, bits); // 0: as the address width
        int eax = e.eax() & 0xFF00FF00 | bits | mappable << 16;
        int ecx = e.ecx();
        if (amd) {
            ecx = ecx & 0xFFFF0F00 | Math.min(topology.cpusPerPackage() - 1, 0xFF) | topology.packageShift() << 12;
        }
        return e.with(eax, e.ebx(), ecx, e.edx());
    }

    /** AMD APM volume 3, Fn8000_001E: core and node of this processor. */
    private CpuidEntry amdTopology(CpuidEntry e) {
        int core = apicId >> topology.coreShift() & (1 << topology.packageShift() - topology.coreShift()) - 1;
        int node = apicId >> topology.dieShift();
        int ebx = core & 0xFF | topology.threadsPerCore() - 1 << 8;
        int ecx = node & 0xFF | topology.diesPerPackage() - 1 << 8;
        return e.with(apicId, ebx, ecx, 0);
    }

    private void topology(List<CpuidEntry> result) {
        int cpus = topology.cpusPerPackage();
        level(result, LEAF_TOPOLOGY, 0, TYPE_SMT, topology.coreShift(), topology.threadsPerCore());
        level(result, LEAF_TOPOLOGY, 1, TYPE_CORE, topology.packageShift(), cpus);
        level(result, LEAF_TOPOLOGY, 2, 0, 0, 0);
        if (maxBasicLeaf < LEAF_TOPOLOGY_V2) {
            return;
        }
        level(result, LEAF_TOPOLOGY_V2, 0, TYPE_SMT, topology.coreShift(), topology.threadsPerCore());
        if (topology.diesPerPackage() == 1) {
            level(result, LEAF_TOPOLOGY_V2, 1, TYPE_CORE, topology.packageShift(), cpus);
            level(result, LEAF_TOPOLOGY_V2, 2, 0, 0, 0);
        } else {
            level(result, LEAF_TOPOLOGY_V2, 1, TYPE_CORE, topology.dieShift(), topology.cpusPerDie());
            level(result, LEAF_TOPOLOGY_V2, 2, TYPE_DIE, topology.packageShift(), cpus);
            level(result, LEAF_TOPOLOGY_V2, 3, 0, 0, 0);
        }
    }

    private void level(List<CpuidEntry> result, int leaf, int index, int type, int shift, int cpus) {
        result.add(CpuidEntry.subleaf(leaf, index, shift, cpus, index | type << 8, apicId));
    }
}
