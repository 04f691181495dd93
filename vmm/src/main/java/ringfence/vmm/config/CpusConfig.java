package ringfence.vmm.config;

import java.util.Optional;

/**
 * Processors.
 *
 * @param bootVcpus how many at start, 1 to {@code maxVcpus}
 * @param maxVcpus how many there may ever be
 * @param topology how they are arranged; empty: each a package of its own
 * @param maxPhysBits greatest width of a guest-physical address, 32 to 52
 * @param nested whether the guest may run guests
 */
public record CpusConfig(int bootVcpus, int maxVcpus, Optional<CpuTopology> topology, int maxPhysBits, boolean nested) {
    /** Cloud Hypervisor's default of {@code max_phys_bits}. */
    public static final int DEFAULT_MAX_PHYS_BITS = 46;

    /**
     * Arrangement of processors; the product is {@code maxVcpus}.
     *
     * @param threadsPerCore 1 or 2
     * @param coresPerDie 1 or more
     * @param diesPerPackage 1 or more
     * @param packages 1 or more
     */
    public record CpuTopology(int threadsPerCore, int coresPerDie, int diesPerPackage, int packages) {}
}
