package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import ringfence.option.FlagSyntax;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * The guest's RAM ({@code --memory}). It is always shared with the device processes.
 *
 * @param size bytes
 * @param hotplugSize bytes that may be added; of no effect yet
 * @param hotplugMethod how they would be
 * @param mergeable whether equal pages may be merged; not with shared memory
 * @param shared said or not, it is
 * @param hugepages whether it is of huge pages
 * @param hugepageSize bytes of one; empty: the host's default
 * @param prefault whether every page is there before the guest starts
 * @param thp whether the kernel may use huge pages by itself
 * @param reserve whether the host refuses at start what it might lack later
 */
public record MemoryConfig(
        long size,
        OptionalLong hotplugSize,
        HotplugMethod hotplugMethod,
        boolean mergeable,
        boolean shared,
        boolean hugepages,
        OptionalLong hugepageSize,
        boolean prefault,
        boolean thp,
        boolean reserve) {
    private static final long PAGE = 4096;

    /** How memory comes to a guest that runs. */
    public enum HotplugMethod implements OptionTypes.Choice {
        /** As modules, told of by ACPI. */
        ACPI,
        /** By a virtio device. */
        VIRTIO_MEM;
    }

    private static final Option<MemoryConfig, Long> SIZE =
            Option.of("size", OptionTypes.size(), 512L << 20, MemoryConfig::size, "how much");
    private static final Option<MemoryConfig, Optional<Long>> HOTPLUG_SIZE = Option.of(
            "hotplug_size",
            OptionTypes.optional(OptionTypes.size()),
            Optional.empty(),
            m -> m.hotplugSize.stream().boxed().findFirst(),
            "how much may be added; of no effect yet");
    private static final Option<MemoryConfig, HotplugMethod> HOTPLUG_METHOD = Option.of(
            "hotplug_method",
            OptionTypes.choice(HotplugMethod.class),
            HotplugMethod.ACPI,
            MemoryConfig::hotplugMethod,
            "how it would be; virtio-mem is not supported yet");
    private static final Option<MemoryConfig, Boolean> MERGEABLE =
            Option.of("mergeable", OptionTypes.toggle(), false, MemoryConfig::mergeable, "equal pages may be merged");
    private static final Option<MemoryConfig, Boolean> SHARED = Option.of(
            "shared", OptionTypes.toggle(), false, MemoryConfig::shared, "always so, with the device processes");
    private static final Option<MemoryConfig, Boolean> HUGE_PAGES =
            Option.of("hugepages", OptionTypes.toggle(), false, MemoryConfig::hugepages, "of huge pages");
    private static final Option<MemoryConfig, Optional<Long>> HUGE_PAGE_SIZE = Option.of(
            "hugepage_size",
            OptionTypes.optional(OptionTypes.size()),
            Optional.empty(),
            m -> m.hugepageSize.isPresent() ? Optional.of(m.hugepageSize.getAsLong()) : Optional.empty(),
            "how large; the host's default");
    private static final Option<MemoryConfig, Boolean> PREFAULT =
            Option.of("prefault", OptionTypes.toggle(), false, MemoryConfig::prefault, "every page is there at start");
    private static final Option<MemoryConfig, Boolean> RESERVE = Option.of(
            "reserve", OptionTypes.toggle(), false, MemoryConfig::reserve, "refuse at start what may lack later");
    private static final Option<MemoryConfig, Boolean> THP =
            Option.of("thp", OptionTypes.toggle(), true, MemoryConfig::thp, "transparent huge pages");

    /** Flags, JSON and help. */
    public static final OptionTable<MemoryConfig> TABLE = OptionTable.of(
                    "MemoryConfig",
                    v -> new MemoryConfig(
                            v.get(SIZE),
                            v.get(HOTPLUG_SIZE).map(OptionalLong::of).orElseGet(OptionalLong::empty),
                            v.get(HOTPLUG_METHOD),
                            v.get(MERGEABLE),
                            v.get(SHARED),
                            v.get(HUGE_PAGES),
                            v.get(HUGE_PAGE_SIZE).map(OptionalLong::of).orElseGet(OptionalLong::empty),
                            v.get(PREFAULT),
                            v.get(THP),
                            v.get(RESERVE)),
                    SIZE,
                    HOTPLUG_SIZE,
                    HOTPLUG_METHOD,
                    MERGEABLE,
                    SHARED,
                    HUGE_PAGES,
                    HUGE_PAGE_SIZE,
                    PREFAULT,
                    RESERVE,
                    THP)
            .unsupported("/zones", "hotplugged_size=0");

    /** The same with so many bytes. */
    public MemoryConfig sized(long bytes) {
        return new MemoryConfig(
                bytes, hotplugSize, hotplugMethod, mergeable, shared, hugepages, hugepageSize, prefault, thp, reserve);
    }

    /** What is wrong with it. */
    public List<Problem> problems(HostLimits host) {
        List<Problem> problems = new ArrayList<>();
        if (size == 0) {
            problems.add(new Problem("--memory size", "is 0: give the guest some, such as size=512M"));
        } else if (size % PAGE != 0) {
            problems.add(
                    new Problem("--memory size", size + " is no multiple of 4K: give whole megabytes, as in 512M"));
        } else if (size > host.memory()) {
            problems.add(new Problem(
                    "--memory size",
                    FlagSyntax.size(size) + " is more than this host has: at most " + (host.memory() >> 20) + "M"));
        }
        if (hotplugMethod == HotplugMethod.VIRTIO_MEM) {
            problems.add(new Problem("--memory hotplug_method", "virtio-mem is not supported yet: leave it out"));
        }
        if (mergeable) {
            problems.add(new Problem(
                    "--memory mergeable", "cannot be with memory that device processes share: leave it out"));
        }
        hugepageSize.ifPresent(page -> {
            if (!hugepages) {
                problems.add(new Problem("--memory hugepage_size", "is given without hugepages=on: add it"));
            } else if (page == 0 || Long.bitCount(page) != 1) {
                problems.add(new Problem("--memory hugepage_size", page + " is no power of two: give 2M or 1G"));
            } else if (size % page != 0) {
                problems.add(new Problem(
                        "--memory size",
                        FlagSyntax.size(size) + " is no multiple of hugepage_size=" + FlagSyntax.size(page)));
            }
        });
        return problems;
    }
}
