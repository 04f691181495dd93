package ringfence.journal.cli;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.journal.store.Collector;
import ringfence.journal.store.Retention;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;

/** The program. */
@Command(
        name = "ringfence-journal",
        description = "Keeps what happens to the virtual machines of a user: drains their rings into a queue for each.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        versionProvider = JournalVersion.class,
        subcommands = EventsCommand.class)
public final class JournalMain implements Callable<Integer> {
    private static final String NAME = "ringfence-journal";

    @Mixin
    private Folders folders = new Folders();

    @Option(names = "--max-age", paramLabel = "TIME", description = "Forget what is older (${DEFAULT-VALUE}).")
    private String maxAge = "14d";

    @Option(names = "--max-size", paramLabel = "SIZE", description = "Of all queues together (${DEFAULT-VALUE}).")
    private String maxSize = "1G";

    @Option(names = "--max-vm-size", paramLabel = "SIZE", description = "Of one VM's queue (${DEFAULT-VALUE}).")
    private String maxVmSize = "64M";

    @Option(
            names = "--exit-when-unused",
            paramLabel = "TIME",
            description = "End when no VM has had a ring for so long; for a unit that is started when one has.")
    private String exitWhenUnused;

    JournalMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual pages, too. */
    public static CommandLine commandLine() {
        return new CommandLine(new JournalMain());
    }

    @Override
    public Integer call() throws InterruptedException {
        Linux linux = Linux.system();
        try {
            Retention retention = new Retention(
                    Amounts.time("--max-age", maxAge),
                    Amounts.bytes("--max-size", maxSize),
                    Amounts.bytes("--max-vm-size", maxVmSize));
            Duration unused =
                    exitWhenUnused == null ? Duration.ZERO : Amounts.time("--exit-when-unused", exitWhenUnused);
            Collector collector = Collector.open(
                    linux,
                    folders.rings(linux),
                    folders.store(linux),
                    retention,
                    InstantSource.system(),
                    DaemonMain.warnings(NAME));
            return DaemonMain.serve(new CollectorService(collector, unused));
        } catch (IllegalArgumentException | IllegalStateException e) {
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        } catch (IOException | ErrnoException e) {
            return DaemonMain.complain(
                    NAME, "the store cannot be made: " + e.getMessage() + ": name another with --store", 1);
        }
    }
}
