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

/** {@code ringfence}: sub-commands, of which {@code run} runs a VM and the others have to do with those that run. */
final class RingfenceCommand {
    private static final String RUN = "run";
    static final String CTL = "ctl";
    private static final String EVENTS = "events";
    private static final String PS = "ps";
    private static final String TOP = "top";
    private static final String METRICS = "metrics";
    private static final String DOCTOR = "doctor";
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
                        "  ringfence ctl --api-socket /run/vm.sock info",
                        "  ringfence top");
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
        spec.addSubcommand(PS, new CommandLine(ObserveModels.ps()));
        spec.addSubcommand(TOP, new CommandLine(ObserveModels.top()));
        spec.addSubcommand(METRICS, new CommandLine(ObserveModels.metrics()));
        spec.addSubcommand(DOCTOR, new CommandLine(ObserveModels.doctor()));
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
        List<String> rest = words.isEmpty() ? words : words.subList(1, words.size());
        return switch (words.isEmpty() ? "" : words.getFirst()) {
            case RUN -> run.run(rest);
            case CTL -> new CtlCommand(linux, out).run(rest);
            case PS -> new ObserveCommands(linux, out).ps(rest);
            case TOP -> new ObserveCommands(linux, out).top(rest);
            case METRICS -> new ObserveCommands(linux, out).metrics(rest);
            case DOCTOR -> new DoctorCommand(linux, out).run(rest);
            case EVENTS ->
                throw new BadInputException(
                        EVENTS + " is a command of ringfence-journal: start bin/ringfence, which hands over");
            default -> answer(words);
        };
    }

    private int answer(List<String> words) {
        CommandLine model = model();
        Optional<Arguments> nothing = PicocliReader.read(model, words, out);
        if (nothing.isPresent()) {
            model.usage(out);
            throw new BadInputException("no command: say what to do, such as ringfence run --kernel <path>");
        }
        return ExitCode.OK;
    }
}
