package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * What a PCI segment has of the addresses that all of them share ({@code --pci-segment}).
 *
 * @param segment its number, from 0
 * @param below4Gib its weight among the segments where 32-bit BARs are shared out, 1 to {@value #MOST}
 * @param above4Gib its weight where 64-bit ones are
 */
public record PciSegmentConfig(int segment, int below4Gib, int above4Gib) {
    /** No weight is larger, so that all of them together are a number. */
    public static final int MOST = 1 << 16;

    private static final Option<PciSegmentConfig, Integer> SEGMENT = Option.of(
            "pci_segment",
            OptionTypes.integer(0, PlatformConfig.MOST_SEGMENTS - 1),
            0,
            PciSegmentConfig::segment,
            "which one");
    private static final Option<PciSegmentConfig, Integer> BELOW = Option.of(
            "mmio32_aperture_weight",
            OptionTypes.integer(1, MOST),
            1,
            PciSegmentConfig::below4Gib,
            "its part of the addresses below 4 GiB, beside the others'");
    private static final Option<PciSegmentConfig, Integer> ABOVE = Option.of(
            "mmio64_aperture_weight",
            OptionTypes.integer(1, MOST),
            1,
            PciSegmentConfig::above4Gib,
            "its part of those above, beside the others'");

    /** Flags, JSON and help. */
    public static final OptionTable<PciSegmentConfig> TABLE = OptionTable.of(
                    "PciSegmentConfig",
                    v -> new PciSegmentConfig(v.get(SEGMENT), v.get(BELOW), v.get(ABOVE)),
                    SEGMENT,
                    BELOW,
                    ABOVE)
            .required("pci_segment");

    /**
     * The shares of so many segments, by number; those of which nothing is said weigh 1.
     *
     * @param said of segments that there are, each once
     */
    public static List<PciSegmentConfig> all(int count, List<PciSegmentConfig> said) {
        List<PciSegmentConfig> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new PciSegmentConfig(i, 1, 1));
        }
        said.forEach(one -> all.set(one.segment, one));
        return all;
    }
}
