package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import ringfence.linux.Linux;
import ringfence.process.ExitCode;

/**
 * {@code ringfence ctl}: asks a running VMM through its API, and prints what it answers; exit status 1 if that is a
 * refusal or nobody answers, 2 for words that make no command.
 */
final class CtlCommand {
    private static final String NAME = "ringfence ctl";
    private static final String HELP = "--help";
    private static final String[] EXAMPLES = {
        "  ringfence ctl --api-socket /run/vm.sock add-disk path=/srv/data.img,id=data",
        "  ringfence ctl --api-socket /run/vm.sock remove-device data"
    };

    private final PrintStream out;
    private final RemoteCall call;

    CtlCommand(Linux linux, PrintStream out) {
        this.out = out;
        call = new RemoteCall(linux, out, RemoteVerbs.served());
    }

    /** Its model, as far as it does not list the commands. */
    static CommandSpec model() {
        CommandSpec spec = CommandSpec.create().name(NAME);
        spec.usageMessage()
                .description("Asks a running VMM through the socket of its " + RemoteCall.SOCKET + ".")
                .width(100)
                .footerHeading(PicocliReader.EXAMPLES)
                .footer(EXAMPLES);
        spec.addOption(OptionSpec.builder(RemoteCall.SOCKET)
                .arity("1")
                .type(String.class)
                .paramLabel("<path>")
                .description("where the VMM serves its API")
                .build());
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("<command>")
                .arity("0..*")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .build());
        spec.addOption(OptionSpec.builder("-h", HELP)
                .arity("0")
                .type(boolean.class)
                .description("print this help; behind a command: its options")
                .build());
        return spec;
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) {
        CommandSpec spec = model();
        List<String> footer = new ArrayList<>(call.commands());
        footer.add("");
        footer.add("Examples:");
        footer.addAll(List.of(EXAMPLES));
        spec.usageMessage().footerHeading("").footer(footer.toArray(String[]::new));
        CommandLine command = new CommandLine(spec);
        Optional<ParseResult> read = PicocliReader.parse(command, words, out);
        if (read.isEmpty()) {
            return ExitCode.OK;
        }
        List<String> said = read.get().matchedPositionalValue(0, List.of());
        if (!read.get().hasMatchedOption(HELP)) {
            return call.run(read.get().matchedOptionValue(RemoteCall.SOCKET, ""), said);
        }
        if (said.isEmpty()) {
            command.usage(out);
        } else {
            call.help(NAME, said);
        }
        return ExitCode.OK;
    }
}
