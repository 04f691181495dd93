package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import ringfence.option.FlagSyntax;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * A file that the guest has as persistent memory ({@code --pmem}).
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param file its path
 * @param size bytes of it, from its beginning, a multiple of 2 MiB; empty: all
 * @param discardWrites whether what the guest writes goes with the VM, and the file stays as it is
 * @param place where it sits on PCI
 */
public record PmemConfig(String id, String file, OptionalLong size, boolean discardWrites, PciPlace place) {
    private static final long UNIT = 2L << 20;

    private static final Option<PmemConfig, String> FILE =
            Option.of("file", OptionTypes.text("path"), "", PmemConfig::file, "the file");
    private static final Option<PmemConfig, Optional<Long>> SIZE = Option.of(
            "size",
            OptionTypes.optional(OptionTypes.size()),
            Optional.empty(),
            p -> p.size.stream().boxed().findFirst(),
            "how much of it, a multiple of 2M; all");
    private static final Option<PmemConfig, Boolean> DISCARD_WRITES = Option.of(
            "discard_writes",
            OptionTypes.toggle(),
            false,
            PmemConfig::discardWrites,
            "what the guest writes goes with the VM");
    private static final Option<PmemConfig, Optional<String>> ID = Option.of(
            "id",
            OptionTypes.optional(OptionTypes.text("text")),
            Optional.empty(),
            p -> p.id.isEmpty() ? Optional.empty() : Optional.of(p.id),
            "a unique name; made where none is given");
    private static final Option<PmemConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(PmemConfig::place);
    private static final Option<PmemConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(PmemConfig::place);

    /** Flags, JSON and help. */
    public static final OptionTable<PmemConfig> TABLE = OptionTable.of(
                    "PmemConfig",
                    v -> new PmemConfig(
                            v.get(ID).orElse(""),
                            v.get(FILE),
                            v.get(SIZE).map(OptionalLong::of).orElseGet(OptionalLong::empty),
                            v.get(DISCARD_WRITES),
                            PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    FILE,
                    SIZE,
                    DISCARD_WRITES,
                    ID,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .required("file")
            .unsupported("iommu");

    /** The same under that name. */
    PmemConfig named(String name) {
        return new PmemConfig(name, file, size, discardWrites, place);
    }

    /** Bytes of a file of so many that the guest sees. */
    public long sizeOf(long ofFile) {
        return size.orElse(ofFile);
    }

    /** What is wrong with a file of so many bytes. */
    public List<Problem> problems(long ofFile) {
        long wanted = sizeOf(ofFile);
        if (wanted == 0 || wanted % UNIT != 0) {
            return List.of(new Problem(
                    size.isPresent() ? "size" : "file",
                    FlagSyntax.size(wanted) + " is no multiple of 2M: "
                            + (size.isPresent() ? "give one" : "extend it with truncate -s %2M " + file)));
        }
        return wanted <= ofFile
                ? List.of()
                : List.of(new Problem(
                        "size",
                        FlagSyntax.size(wanted) + " is more than " + file + " has: extend it with truncate -s "
                                + FlagSyntax.size(wanted) + " " + file));
    }
}
