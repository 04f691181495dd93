package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * The source of randomness ({@code --rng}); every VM has one.
 *
 * @param id unique
 * @param src a file of random bytes
 * @param place where it sits on PCI
 */
public record RngConfig(String id, String src, PciPlace place) {
    /** Its name where none is given. */
    static final String ID = "__rng";

    private static final Option<RngConfig, String> SOURCE =
            Option.of("src", OptionTypes.text("path"), "/dev/urandom", RngConfig::src, "a file of random bytes");

    private static final Option<RngConfig, Optional<String>> NAME = PciPlace.idOption(RngConfig::id, ID);
    private static final Option<RngConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(RngConfig::place);
    private static final Option<RngConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(RngConfig::place);

    /** Flags, JSON and help. */
    public static final OptionTable<RngConfig> TABLE = OptionTable.of(
                    "RngConfig",
                    v -> new RngConfig(
                            v.get(NAME).filter(name -> !name.isEmpty()).orElse(ID),
                            v.get(SOURCE),
                            PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    SOURCE,
                    NAME,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .unsupported("iommu");

    /** Cloud Hypervisor's default. */
    public static final RngConfig DEFAULT = TABLE.defaults();

    /** What is wrong with it. */
    List<Problem> problems() {
        return src.isEmpty()
                ? List.of(new Problem("--rng src", "is empty: leave it out, or name a file such as /dev/urandom"))
                : List.of();
    }
}
