package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * A port whose bytes are printed, for firmware and kernels that have no console yet ({@code --debug-console}).
 *
 * @param output where they go; never to a socket
 * @param port its number
 */
public record DebugConsoleConfig(ConsoleConfig output, int port) {
    private static final int PORT_E9 = 0xE9;

    private static final Option<DebugConsoleConfig, ConsoleMode> MODE = Option.of(
            "mode",
            OptionTypes.choice(ConsoleMode.class),
            ConsoleMode.OFF,
            d -> d.output.mode(),
            "what is behind it: off, null, pty, tty or file");
    private static final Option<DebugConsoleConfig, Optional<String>> FILE = Option.of(
            "file",
            OptionTypes.optional(OptionTypes.text("path")),
            Optional.empty(),
            d -> d.output.file(),
            "where its output goes");
    private static final Option<DebugConsoleConfig, Integer> PORT =
            Option.of("iobase", OptionTypes.integer(0, 0xFFFF), PORT_E9, DebugConsoleConfig::port, "its port (0xe9)");

    /** Flags, JSON and help: {@code tty}, {@code file=/path,iobase=0x402}. */
    public static final OptionTable<DebugConsoleConfig> TABLE = OptionTable.of(
                    "DebugConsoleConfig", DebugConsoleConfig::made, MODE, FILE, PORT)
            .bare(MODE)
            .unsupported("iommu", "pci_segment=0");

    /** There is none. */
    public static final DebugConsoleConfig OFF = new DebugConsoleConfig(ConsoleConfig.of(ConsoleMode.OFF), PORT_E9);

    /** A path says the mode, unless that is said too. */
    private static DebugConsoleConfig made(OptionValues v) {
        ConsoleMode mode = v.isSaid(FILE) && !v.isSaid(MODE) ? ConsoleMode.FILE : v.get(MODE);
        return new DebugConsoleConfig(new ConsoleConfig(mode, v.get(FILE), Optional.empty()), v.get(PORT));
    }

    /** The same with the pseudo-terminal that there is now, or with none; of no effect on other modes. */
    DebugConsoleConfig with(Optional<String> terminal) {
        return new DebugConsoleConfig(output.with(terminal), port);
    }

    /** What is wrong with it. */
    List<Problem> problems() {
        return output.mode() == ConsoleMode.SOCKET
                ? List.of(new Problem("--debug-console", "leads to no socket: use tty, pty, file=<path>, null or off"))
                : output.problems("--debug-console");
    }
}
