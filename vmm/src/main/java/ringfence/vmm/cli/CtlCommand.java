package ringfence.vmm.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.FailureException;
import ringfence.vmm.api.ApiClient;

/** {@code ringfence ctl}: asks a running VMM through its API, and prints what it answers. */
final class CtlCommand {
    private static final String SOCKET = "--api-socket";

    private record Verb(String method, String endpoint) {}

    private static final Map<String, Verb> VERBS = Map.of(
            "ping", new Verb("GET", "vmm.ping"),
            "info", new Verb("GET", "vm.info"),
            "shutdown-vmm", new Verb("PUT", "vmm.shutdown"));

    private final PrintStream out;

    CtlCommand(PrintStream out) {
        this.out = out;
    }

    /** Its model. */
    static CommandLine model() {
        CommandSpec spec = CommandSpec.create().name("ringfence ctl");
        spec.usageMessage()
                .description("Asks a running VMM through the socket of its --api-socket.")
                .footer("ping: who answers; info: the machine as JSON; shutdown-vmm: ends it")
                .width(100);
        spec.addOption(OptionSpec.builder(SOCKET)
                .arity("1")
                .type(String.class)
                .paramLabel("<path>")
                .description("where the VMM serves its API")
                .build());
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("ping|info|shutdown-vmm")
                .arity("0..1")
                .type(String.class)
                .build());
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("print this help")
                .build());
        return new CommandLine(spec);
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) {
        Optional<ParseResult> read = PicocliReader.parse(model(), words, out);
        if (read.isEmpty()) {
            return ExitCode.OK;
        }
        String word = read.get().matchedPositionalValue(0, "");
        Verb verb = VERBS.get(word);
        if (verb == null) {
            throw new BadInputException((word.isEmpty() ? "no command" : "no command '" + word + "'")
                    + ": ping, info and shutdown-vmm are possible");
        }
        String socket = read.get().matchedOptionValue(SOCKET, "");
        if (socket.isEmpty()) {
            throw new BadInputException(SOCKET + " is missing: name the path that the VMM was given");
        }
        return ask(socket, verb);
    }

    private int ask(String socket, Verb verb) {
        ApiClient.Answer answer;
        try {
            answer = new ApiClient(socket).ask(verb.method(), verb.endpoint());
        } catch (IOException e) {
            throw new BadInputException(
                    SOCKET + " " + socket + ": nobody answers there (" + e.getMessage() + "): check the path", e);
        }
        if (!answer.isOk()) {
            throw new FailureException("the VMM answers " + answer.status() + ": " + answer.body());
        }
        if (!answer.body().isEmpty()) {
            out.println(answer.body());
        }
        return ExitCode.OK;
    }
}
