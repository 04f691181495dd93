package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * Where the VMM tells what happens ({@code --event-monitor}): one of the two.
 *
 * @param path a file, which is made anew, or a pipe
 * @param fd a descriptor that whoever starts the VMM has opened
 */
public record EventMonitorConfig(Optional<String> path, Optional<Integer> fd) {
    private static final Option<EventMonitorConfig, Optional<String>> PATH = Option.of(
            "path",
            OptionTypes.optional(OptionTypes.text("path")),
            Optional.empty(),
            EventMonitorConfig::path,
            "a file, which is made anew, or a pipe");
    private static final Option<EventMonitorConfig, Optional<Integer>> FD = Option.of(
            "fd",
            OptionTypes.optional(OptionTypes.integer(0, Integer.MAX_VALUE)),
            Optional.empty(),
            EventMonitorConfig::fd,
            "an open descriptor");

    /** Flags and help. */
    public static final OptionTable<EventMonitorConfig> TABLE =
            OptionTable.of("EventMonitorConfig", v -> new EventMonitorConfig(v.get(PATH), v.get(FD)), PATH, FD);

    /** What is wrong with it. */
    public List<Problem> problems() {
        if (path.isPresent() == fd.isPresent()) {
            return List.of(new Problem(
                    "--event-monitor",
                    path.isPresent()
                            ? "says path and fd: give one of them"
                            : "says neither path nor fd: give path=<path> or fd=<fd>"));
        }
        return path.filter(String::isEmpty).isPresent()
                ? List.of(new Problem("--event-monitor path", "is empty: name a file or a pipe"))
                : List.of();
    }
}
