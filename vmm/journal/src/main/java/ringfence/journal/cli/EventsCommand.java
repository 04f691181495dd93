package ringfence.journal.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.linux.Linux;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;

/** {@code ringfence events}. */
@Command(
        name = "events",
        description = "Prints what has happened to virtual machines, as a line of JSON each, by their time.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        versionProvider = JournalVersion.class)
final class EventsCommand implements Callable<Integer> {
    private static final long FOLLOW_MILLIS = 100;

    @Mixin
    private Folders folders = new Folders();

    @Option(
            names = "--vm",
            paramLabel = "VM",
            description = "Only of this VM: its name, its process's number or its API socket's path; repeatable.")
    private List<String> vms = List.of();

    @Option(names = "--follow", description = "Go on with what happens from now on.")
    private boolean follow;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only of the last 90s, 10m, 2h or 3d, or since a moment such as 2026-11-28T20:00:00Z.")
    private String since;

    @Option(names = "--device", paramLabel = "ID", split = ",", description = "Only of these devices.")
    private Set<String> devices = Set.of();

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            split = ",",
            description = "Only of these sources or events, such as vm, device-lost or api-call.")
    private Set<String> kinds = Set.of();

    private EventsCommand() {}

    @Override
    public Integer call() throws InterruptedException, IOException {
        Linux linux = Linux.system();
        EventFilter filter;
        Path rings;
        try {
            filter = new EventFilter(
                    vms.stream().flatMap(EventsCommand::named).toList(),
                    EventFilter.since(Optional.ofNullable(since), System.currentTimeMillis()),
                    devices,
                    kinds);
            rings = folders.rings(linux);
        } catch (IllegalArgumentException e) {
            return DaemonMain.complain("ringfence events", e.getMessage(), ExitCode.BAD_INPUT);
        }
        PrintStream out = System.out;
        try (EventReading reading = new EventReading(linux, rings, folders.store(linux), filter)) {
            reading.printAll(out);
            out.flush();
            while (follow && !out.checkError()) {
                Thread.sleep(FOLLOW_MILLIS);
                reading.printAll(out);
                out.flush();
            }
        }
        return ExitCode.OK;
    }

    /** What may be a socket's path, as VMMs tell it, too. */
    private static Stream<String> named(String vm) {
        return Stream.of(vm, Path.of(vm).toAbsolutePath().toString());
    }
}
