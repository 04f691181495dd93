package ringfence.vmm.config;

/**
 * What the host bounds.
 *
 * @param vcpus the most that KVM gives one VM (KVM_CAP_MAX_VCPUS)
 * @param memory bytes of RAM that the host has
 */
public record HostLimits(int vcpus, long memory) {
    /** A host without limits, where it is not known yet. */
    public static final HostLimits UNKNOWN = new HostLimits(Integer.MAX_VALUE, Long.MAX_VALUE);
}
