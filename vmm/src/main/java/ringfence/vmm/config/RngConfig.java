package ringfence.vmm.config;

/**
 * The source of randomness.
 *
 * @param src path of a device or file
 */
public record RngConfig(String src) {
    /** Cloud Hypervisor's default. */
    public static final RngConfig DEFAULT = new RngConfig("/dev/urandom");
}
