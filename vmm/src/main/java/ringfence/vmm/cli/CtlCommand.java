package ringfence.vmm.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.FailureException;
import ringfence.vmm.api.ApiClient;

/** {@code ringfence ctl}: asks a running VMM through its API, and prints what it answers. */
final class CtlCommand {
    private static final String SOCKET = "--api-socket";

    /** @param takesFile whether a word more names a file of JSON */
    private record Verb(String method, String endpoint, boolean takesFile, String help) {}

    private static final Map<String, Verb> VERBS = verbs();

    private final Linux linux;
    private final PrintStream out;

    private static Map<String, Verb> verbs() {
        Map<String, Verb> verbs = new LinkedHashMap<>();
        verbs.put("ping", new Verb("GET", "vmm.ping", false, "who answers"));
        verbs.put("info", new Verb("GET", "vm.info", false, "the VM as JSON"));
        verbs.put("counters", new Verb("GET", "vm.counters", false, "its devices in numbers, as JSON"));
        verbs.put("create", new Verb("PUT", "vm.create", true, "a VM of a file of JSON (- is standard input)"));
        verbs.put("boot", new Verb("PUT", "vm.boot", false, "it runs"));
        verbs.put("pause", new Verb("PUT", "vm.pause", false, "its vCPUs stand still"));
        verbs.put("resume", new Verb("PUT", "vm.resume", false, "they run again"));
        verbs.put("reboot", new Verb("PUT", "vm.reboot", false, "it is reset"));
        verbs.put("nmi", new Verb("PUT", "vm.nmi", false, "a non-maskable interrupt"));
        verbs.put("power-button", new Verb("PUT", "vm.power-button", false, "its power button is pressed"));
        verbs.put("shutdown", new Verb("PUT", "vm.shutdown", false, "it ends at once; its configuration stays"));
        verbs.put("delete", new Verb("PUT", "vm.delete", false, "its configuration goes, too"));
        verbs.put("shutdown-vmm", new Verb("PUT", "vmm.shutdown", false, "the VMM ends"));
        return verbs;
    }

    CtlCommand(Linux linux, PrintStream out) {
        this.linux = linux;
        this.out = out;
    }

    /** Its model. */
    static CommandLine model() {
        CommandSpec spec = CommandSpec.create().name("ringfence ctl");
        spec.usageMessage()
                .description("Asks a running VMM through the socket of its --api-socket.")
                .footer(VERBS.entrySet().stream()
                        .map(verb -> String.format(
                                "  %-12s  %s", verb.getKey(), verb.getValue().help()))
                        .toArray(String[]::new))
                .width(100);
        spec.addOption(OptionSpec.builder(SOCKET)
                .arity("1")
                .type(String.class)
                .paramLabel("<path>")
                .description("where the VMM serves its API")
                .build());
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("<command>")
                .arity("0..2")
                .type(List.class)
                .auxiliaryTypes(String.class)
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
        List<String> said = read.get().matchedPositionalValue(0, List.of());
        String word = said.isEmpty() ? "" : said.getFirst();
        Verb verb = VERBS.get(word);
        if (verb == null) {
            throw new BadInputException((word.isEmpty() ? "no command" : "no command '" + word + "'") + ": "
                    + String.join(", ", VERBS.keySet()) + " are possible");
        }
        String file = said.size() < 2 ? "" : said.get(1);
        if (verb.takesFile() == file.isEmpty()) {
            throw new BadInputException(word
                    + (file.isEmpty()
                            ? " lacks the file of JSON: name it, or give - for standard input"
                            : " takes no file: leave '" + file + "' out"));
        }
        String socket = read.get().matchedOptionValue(SOCKET, "");
        if (socket.isEmpty()) {
            throw new BadInputException(SOCKET + " is missing: name the path that the VMM was given");
        }
        return ask(socket, verb, file.isEmpty() ? "" : text(file));
    }

    private static String text(String file) {
        try {
            return file.equals("-")
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new BadInputException(file + ": cannot be read: check the path (" + e.getMessage() + ")", e);
        }
    }

    private int ask(String socket, Verb verb, String body) {
        ApiClient.Answer answer;
        try {
            answer = new ApiClient(linux, socket).ask(verb.method(), verb.endpoint(), body);
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
