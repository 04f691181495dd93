package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import ringfence.option.FlagSyntax;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * A balloon ({@code --balloon}), by which the guest gives memory back to the host.
 *
 * @param id unique
 * @param size bytes that the guest is to give, below what it has
 * @param deflateOnOom whether it may take them back before it kills programs
 * @param freePageReporting whether it tells of free pages, which the host has back until it uses them
 * @param statistics whether it is asked how it uses its memory
 * @param place where it sits on PCI
 */
public record BalloonConfig(
        String id, long size, boolean deflateOnOom, boolean freePageReporting, boolean statistics, PciPlace place) {
    /** Its name where none is given. */
    static final String ID = "__balloon";

    private static final Option<BalloonConfig, Long> SIZE = Option.of(
            "size", OptionTypes.size(), 0L, BalloonConfig::size, "how much of its memory the guest is to give back");
    private static final Option<BalloonConfig, Boolean> DEFLATE_ON_OOM = Option.of(
            "deflate_on_oom",
            OptionTypes.toggle(),
            false,
            BalloonConfig::deflateOnOom,
            "it takes memory back before it kills programs");
    private static final Option<BalloonConfig, Boolean> FREE_PAGE_REPORTING = Option.of(
            "free_page_reporting",
            OptionTypes.toggle(),
            false,
            BalloonConfig::freePageReporting,
            "the host has free pages back until they are used");
    private static final Option<BalloonConfig, Boolean> STATISTICS = Option.of(
            "statistics",
            OptionTypes.toggle(),
            false,
            BalloonConfig::statistics,
            "vm.counters tells how the guest uses its memory");

    private static final Option<BalloonConfig, Optional<String>> NAME = PciPlace.idOption(BalloonConfig::id, ID);
    private static final Option<BalloonConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(BalloonConfig::place);
    private static final Option<BalloonConfig, Optional<Integer>> PCI_DEVICE =
            PciPlace.deviceOption(BalloonConfig::place);

    /** Flags, JSON and help. */
    public static final OptionTable<BalloonConfig> TABLE = OptionTable.of(
                    "BalloonConfig",
                    v -> new BalloonConfig(
                            v.get(NAME).filter(name -> !name.isEmpty()).orElse(ID),
                            v.get(SIZE),
                            v.get(DEFLATE_ON_OOM),
                            v.get(FREE_PAGE_REPORTING),
                            v.get(STATISTICS),
                            PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    SIZE,
                    DEFLATE_ON_OOM,
                    FREE_PAGE_REPORTING,
                    STATISTICS,
                    NAME,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .unsupported("iommu");

    /** The same of another size. */
    public BalloonConfig with(long bytes) {
        return new BalloonConfig(id, bytes, deflateOnOom, freePageReporting, statistics, place);
    }

    /** What is wrong with it in a guest of so much memory. */
    List<Problem> problems(long memory) {
        return size < memory
                ? List.of()
                : List.of(new Problem(
                        "--balloon size",
                        FlagSyntax.size(size) + " leaves nothing of --memory size=" + FlagSyntax.size(memory)
                                + ": give less"));
    }
}
