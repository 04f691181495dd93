package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * A console: the serial port ({@code --serial}) or the virtio console ({@code --console}).
 *
 * @param mode what is behind it
 * @param file where its output goes, for {@link ConsoleMode#FILE}; what others open, once there is one, for {@link
 *     ConsoleMode#PTY}
 * @param socket where it listens, for {@link ConsoleMode#SOCKET}
 * @param id of the virtio console, unique
 * @param place where that sits on PCI
 */
public record ConsoleConfig(
        ConsoleMode mode, Optional<String> file, Optional<String> socket, String id, PciPlace place) {
    /** The virtio console's name where none is given. */
    static final String ID = "__console";

    private static final OptionType<Optional<String>> PATH = OptionTypes.optional(OptionTypes.text("path"));
    private static final Option<ConsoleConfig, ConsoleMode> MODE = Option.of(
            "mode",
            OptionTypes.choice(ConsoleMode.class),
            ConsoleMode.TTY,
            ConsoleConfig::mode,
            "what is behind it; without the option: serial null, console tty");
    private static final Option<ConsoleConfig, Optional<String>> FILE =
            Option.of("file", PATH, Optional.empty(), ConsoleConfig::file, "where its output goes");
    private static final Option<ConsoleConfig, Optional<String>> SOCKET =
            Option.of("socket", PATH, Optional.empty(), ConsoleConfig::socket, "where it listens");

    private static final Option<ConsoleConfig, Optional<String>> NAME = PciPlace.idOption(ConsoleConfig::id, ID);
    private static final Option<ConsoleConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(ConsoleConfig::place);
    private static final Option<ConsoleConfig, Optional<Integer>> PCI_DEVICE =
            PciPlace.deviceOption(ConsoleConfig::place);

    /** Flags, JSON and help of the virtio console: {@code tty}, {@code file=/path}. */
    public static final OptionTable<ConsoleConfig> TABLE = OptionTable.of(
                    "ConsoleConfig",
                    v -> made(v).at(
                                    v.get(NAME).filter(name -> !name.isEmpty()).orElse(ID),
                                    PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    MODE,
                    FILE,
                    SOCKET,
                    NAME,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .bare(MODE)
            .unsupported("iommu");

    /** Those of the serial port, which is on no bus that has places. */
    public static final OptionTable<ConsoleConfig> SERIAL_TABLE = OptionTable.of(
                    "SerialConfig", ConsoleConfig::made, MODE, FILE, SOCKET)
            .bare(MODE)
            .unsupported("iommu", "pci_segment=0");

    /** Standard input and output: the virtio console's default. */
    public static final ConsoleConfig TTY = of(ConsoleMode.TTY);

    /** Output is dropped: the serial port's default. */
    public static final ConsoleConfig NULL = of(ConsoleMode.NULL);

    /** One in no place of its own. */
    ConsoleConfig(ConsoleMode mode, Optional<String> file, Optional<String> socket) {
        this(mode, file, socket, ID, PciPlace.ANY);
    }

    /** One that needs no path. */
    public static ConsoleConfig of(ConsoleMode mode) {
        return new ConsoleConfig(mode, Optional.empty(), Optional.empty());
    }

    private ConsoleConfig at(String name, PciPlace there) {
        return new ConsoleConfig(mode, file, socket, name, there);
    }

    /** The socket that is made for it; empty: none. */
    Optional<String> ownSocket() {
        return mode == ConsoleMode.SOCKET ? socket : Optional.empty();
    }

    /** The same with the pseudo-terminal that there is now, or with none; of no effect on other modes. */
    ConsoleConfig with(Optional<String> terminal) {
        return mode == ConsoleMode.PTY ? new ConsoleConfig(mode, terminal, socket, id, place) : this;
    }

    /** A path says the mode, unless that is said too. */
    private static ConsoleConfig made(OptionValues v) {
        ConsoleMode mode = v.get(MODE);
        if (!v.isSaid(MODE)) {
            mode = v.isSaid(FILE) ? ConsoleMode.FILE : v.isSaid(SOCKET) ? ConsoleMode.SOCKET : mode;
        }
        return new ConsoleConfig(mode, v.get(FILE), v.get(SOCKET));
    }

    /** What is wrong with it. @param flag {@code --serial} or {@code --console} */
    List<Problem> problems(String flag) {
        List<Problem> problems = new ArrayList<>();
        if (mode == ConsoleMode.FILE && file.isEmpty() || mode == ConsoleMode.SOCKET && socket.isEmpty()) {
            problems.add(new Problem(flag, mode.word() + " without a path: write " + mode.word() + "=<path>"));
        }
        boolean mayHaveFile = mode == ConsoleMode.FILE || mode == ConsoleMode.PTY; // of a pty: as vm.info has told it
        if (!mayHaveFile && file.isPresent() || mode != ConsoleMode.SOCKET && socket.isPresent()) {
            problems.add(new Problem(flag, "says " + mode.word() + " and a path for something else: give one of them"));
        }
        return problems;
    }
}
