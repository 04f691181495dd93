package ringfence.vmm.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.Log;
import ringfence.process.Logs;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.EventMonitor;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.event.EventStream;

/** A command that runs a VM: from words to a machine. */
final class RunCommand {
    private static final Log LOG = Log.of("cli");

    private final Linux linux;
    private final MachineStarter starter;
    private final PrintStream out;
    private final String name;
    private final String[] version;

    /**
     * A command.
     *
     * @param name how it is called
     * @param version lines of its version
     */
    RunCommand(Linux linux, MachineStarter starter, PrintStream out, String name, String... version) {
        this.linux = linux;
        this.starter = starter;
        this.out = out;
        this.name = name;
        this.version = version;
    }

    /**
     * Reads the words, checks what they say, and runs the machine.
     *
     * @return the exit code
     * @throws BadInputException a line per mistake
     */
    int run(List<String> words) throws Exception {
        Optional<Arguments> read = QuickReader.read(words);
        if (read.isEmpty()) {
            read = PicocliReader.readRun(name, version, words, out);
        }
        if (read.isEmpty()) {
            return ExitCode.OK;
        }
        VmArguments arguments = VmArguments.of(read.get());
        Logs.configure(arguments.level(), arguments.logFile(), arguments.logFormat());
        List<Problem> problems = HostChecks.of(linux, arguments);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems.stream().map(Problem::line).toList());
        }
        if (arguments.landlock().isPresent() && !OwnBox.isEntered(linux)) {
            OwnBox.enter(linux, name, words, read.get(), arguments);
        }
        arguments.warnings().forEach(LOG::warn);
        Path home = Path.of(System.getProperty("ringfence.home", "."));
        RuntimeOptions options = new RuntimeOptions(
                home, arguments.noShutdown(), arguments.filters(), arguments.daemonUsers(), arguments.landlock());
        Optional<VmConfig> config = arguments.config().map(given -> given.addressed(() -> HostRandom.bits(linux)));
        if (arguments.eventMonitor().isEmpty()) {
            return starter.run(linux, config, options, arguments.apiSocket(), EventSink.NONE);
        }
        try (EventStream events =
                EventMonitor.open(linux, arguments.eventMonitor().get())) {
            return starter.run(linux, config, options, arguments.apiSocket(), events);
        }
    }
}
