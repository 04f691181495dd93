package ringfence.vmm.config;

import java.util.List;

/**
 * A whole machine.
 *
 * @param payload what it boots
 * @param cpus its processors
 * @param memory its memory
 * @param disks its disks, in the order in which the guest finds them
 * @param rng its source of randomness
 * @param serial COM1
 * @param console the virtio console
 * @param pvpanic whether the guest can tell of a panic
 */
public record VmConfig(
        PayloadConfig payload,
        CpusConfig cpus,
        MemoryConfig memory,
        List<DiskConfig> disks,
        RngConfig rng,
        ConsoleConfig serial,
        ConsoleConfig console,
        boolean pvpanic) {
    /** An immutable configuration. */
    public VmConfig {
        disks = List.copyOf(disks);
    }
}
