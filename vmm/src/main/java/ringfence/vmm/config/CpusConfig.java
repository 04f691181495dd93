package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * The vCPUs ({@code --cpus}).
 *
 * @param bootVcpus vCPUs at start
 * @param maxVcpus the most that there can ever be; the guest's tables are laid out for them
 * @param topology how they are grouped; empty: each a package of its own
 * @param maxPhysBits the widest guest-physical address
 * @param nested whether the guest may run VMs of its own
 * @param hyperV what Windows wants of a hypervisor
 * @param affinity where vCPUs run; empty: anywhere
 * @param coreScheduling who shares a core's threads with them
 */
public record CpusConfig(
        int bootVcpus,
        int maxVcpus,
        Optional<CpuTopology> topology,
        int maxPhysBits,
        boolean nested,
        boolean hyperV,
        List<Affinity> affinity,
        CoreScheduling coreScheduling) {
    /** The most that a VM may have. */
    public static final int LIMIT = 8192;

    /**
     * How vCPUs are grouped; the product is {@code maxVcpus}.
     *
     * @param threadsPerCore 1 or 2
     * @param coresPerDie 1 or more
     * @param diesPerPackage 1 or more
     * @param packages 1 or more
     */
    public record CpuTopology(int threadsPerCore, int coresPerDie, int diesPerPackage, int packages) {
        /** How many vCPUs it describes. */
        public long vcpus() {
            return (long) threadsPerCore * coresPerDie * diesPerPackage * packages;
        }
    }

    /** Who shares a core with the vCPUs (core scheduling cookies). */
    public enum CoreScheduling implements OptionTypes.Choice {
        /** The vCPUs of the same VM. */
        VM,
        /** Nobody. */
        VCPU,
        /** Anybody. */
        OFF;
    }

    private static final Option<CpusConfig, Integer> BOOT =
            Option.of("boot", "boot_vcpus", OptionTypes.integer(1, LIMIT), 1, CpusConfig::bootVcpus, "vCPUs at start");
    private static final Option<CpusConfig, Optional<Integer>> MAX = Option.of(
            "max",
            "max_vcpus",
            OptionTypes.optional(OptionTypes.integer(1, LIMIT)),
            Optional.empty(),
            c -> Optional.of(c.maxVcpus),
            "the most there can be; as boot");
    private static final Option<CpusConfig, Optional<CpuTopology>> TOPOLOGY = Option.of(
            "topology",
            OptionTypes.optional(CpuTopologyType.TYPE),
            Optional.empty(),
            CpusConfig::topology,
            "how they are grouped");
    private static final Option<CpusConfig, Boolean> HYPER_V = Option.of(
            "kvm_hyperv", OptionTypes.toggle(), false, CpusConfig::hyperV, "what Windows wants of a hypervisor");
    private static final Option<CpusConfig, Integer> MAX_PHYS_BITS = Option.of(
            "max_phys_bits", OptionTypes.integer(32, 52), 46, CpusConfig::maxPhysBits, "width of guest addresses");
    private static final Option<CpusConfig, Boolean> NESTED =
            Option.of("nested", OptionTypes.toggle(), true, CpusConfig::nested, "VMX or SVM inside the guest");
    private static final Option<CpusConfig, List<Affinity>> AFFINITY =
            Option.of("affinity", Affinity.type("vcpu"), List.of(), CpusConfig::affinity, "host CPUs of each vCPU");
    private static final Option<CpusConfig, CoreScheduling> CORE_SCHEDULING = Option.of(
            "core_scheduling",
            OptionTypes.choice(CoreScheduling.class),
            CoreScheduling.VM,
            CpusConfig::coreScheduling,
            "who shares a core with them");

    /** Flags, JSON and help. */
    public static final OptionTable<CpusConfig> TABLE = OptionTable.of(
                    "CpusConfig",
                    CpusConfig::of,
                    BOOT,
                    MAX,
                    TOPOLOGY,
                    HYPER_V,
                    MAX_PHYS_BITS,
                    NESTED,
                    AFFINITY,
                    CORE_SCHEDULING)
            .unsupported("features", "profile=host");

    private static CpusConfig of(OptionValues v) {
        return new CpusConfig(
                v.get(BOOT),
                v.get(MAX).orElse(v.get(BOOT)),
                v.get(TOPOLOGY),
                v.get(MAX_PHYS_BITS),
                v.get(NESTED),
                v.get(HYPER_V),
                v.get(AFFINITY),
                v.get(CORE_SCHEDULING));
    }

    /** The same with so many at start. */
    public CpusConfig booting(int vcpus) {
        return new CpusConfig(vcpus, maxVcpus, topology, maxPhysBits, nested, hyperV, affinity, coreScheduling);
    }

    /** What is wrong with them. */
    public List<Problem> problems(HostLimits host) {
        List<Problem> problems = new ArrayList<>();
        if (maxVcpus < bootVcpus) {
            problems.add(new Problem(
                    "--cpus max", maxVcpus + " is less than boot=" + bootVcpus + ": leave max out or raise it"));
        }
        if (Math.max(bootVcpus, maxVcpus) > host.vcpus()) {
            problems.add(new Problem(
                    "--cpus boot",
                    Math.max(bootVcpus, maxVcpus) + " vCPUs are more than KVM allows here: at most " + host.vcpus()));
        }
        topology.ifPresent(t -> {
            if (t.vcpus() != maxVcpus) {
                problems.add(new Problem("--cpus topology", "describes " + t.vcpus() + " vCPUs, max is " + maxVcpus));
            }
            if (t.threadsPerCore() > 2) {
                problems.add(new Problem(
                        "--cpus topology", t.threadsPerCore() + " threads of a core, x86-64 has 1 or 2: give 1 or 2"));
            }
        });
        if (!affinity.isEmpty()) {
            Affinity.check(affinity, "vCPU", maxVcpus, "--cpus affinity", problems);
        }
        if (hyperV) {
            problems.add(new Problem("--cpus kvm_hyperv", "is not supported yet: leave it out"));
        }
        return problems;
    }
}
