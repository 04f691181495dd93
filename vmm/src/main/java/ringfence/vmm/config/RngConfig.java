package ringfence.vmm.config;

import java.util.List;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * The source of randomness ({@code --rng}); every VM has one.
 *
 * @param src a file of random bytes
 */
public record RngConfig(String src) {
    private static final Option<RngConfig, String> SOURCE =
            Option.of("src", OptionTypes.text("path"), "/dev/urandom", RngConfig::src, "a file of random bytes");

    /** Flags, JSON and help. */
    public static final OptionTable<RngConfig> TABLE = OptionTable.of(
                    "RngConfig", v -> new RngConfig(v.get(SOURCE)), SOURCE)
            .unsupported("iommu", "id/", "pci_segment=0", "pci_device_id/");

    /** Cloud Hypervisor's default. */
    public static final RngConfig DEFAULT = TABLE.defaults();

    /** What is wrong with it. */
    List<Problem> problems() {
        return src.isEmpty()
                ? List.of(new Problem("--rng src", "is empty: leave it out, or name a file such as /dev/urandom"))
                : List.of();
    }
}
