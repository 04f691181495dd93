package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.Version;

/** {@code ringfence}: sub-commands, of which {@code run} runs a VM and {@code ctl} asks one that runs. */
final class RingfenceCommand {
    private static final String RUN = "run";
    static final String CTL = "ctl";
    private static final String EVENTS = "events";
    private static final String VERSION = "ringfence " + Version.NUMBER;

    private final Linux linux;
    private final RunCommand run;
    private final PrintStream out;

    RingfenceCommand(Linux linux, MachineStarter starter, PrintStream out) {
        this.linux = linux;
        this.out = out;
        run = new RunCommand(linux, starter, out, "ringfence " + RUN, VERSION);
    }

    /** The model of all of it. */
    static CommandLine model() {
        CommandSpec spec = CommandSpec.create().name("ringfence").version(VERSION);
        spec.usageMessage()
                .description("Virtual machines whose every device is a process of its own.")
                .width(100)
                .footerHeading(PicocliReader.EXAMPLES)
                .footer(
                        "  ringfence run --kernel vmlinuz --cmdline console=ttyS0 --serial tty --console off",
                        "  ringfence ctl --api-socket /run/vm.sock info");
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("print the version")
                .build());
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("print this help")
                .build());
        spec.addSubcommand(RUN, PicocliReader.runModel("ringfence " + RUN, VERSION));
        spec.addSubcommand(CTL, new CommandLine(CtlCommand.model()));
        spec.addSubcommand(EVENTS, new CommandLine(eventsModel()));
        return new CommandLine(spec);
    }

    /** For the list of commands only: the launcher hands {@code events} over before this program starts. */
    private static CommandSpec eventsModel() {
        CommandSpec events = CommandSpec.create().name(EVENTS);
        events.usageMessage().description("Prints what has happened to virtual machines, as a line of JSON each.");
        return events;
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) throws Exception {
        if (!words.isEmpty() && words.getFirst().equals(RUN)) {
            return run.run(words.subList(1, words.size()));
        }
        if (!words.isEmpty() && words.getFirst().equals(CTL)) {
            return new CtlCommand(linux, out).run(words.subList(1, words.size()));
        }
        if (!words.isEmpty() && words.getFirst().equals(EVENTS)) {
            throw new BadInputException(
                    EVENTS + " is a command of ringfence-journal: start bin/ringfence, which hands over");
        }
        CommandLine model = model();
        Optional<Arguments> nothing = PicocliReader.read(model, words, out);
        if (nothing.isPresent()) {
            model.usage(out);
            throw new BadInputException("no command: say what to do, such as ringfence run --kernel <path>");
        }
        return ExitCode.OK;
    }
}
