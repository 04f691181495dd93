package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;

/**
 * {@code ch-remote}: Cloud Hypervisor's client of the API. Prints what the VMM answers; exit status 1 if that is a
 * refusal or nobody answers, 2 for words that make no command.
 */
final class ChRemoteCommand {
    private static final String NAME = "ch-remote";

    private final PrintStream out;
    private final RemoteCall call;

    ChRemoteCommand(Linux linux, PrintStream out) {
        this.out = out;
        call = new RemoteCall(linux, out, RemoteVerbs.all());
    }

    /** Its model, as far as it does not list the commands. */
    static CommandSpec model() {
        CommandSpec spec = CommandSpec.create().name(NAME);
        spec.usageMessage()
                .description("Asks a running VMM, as Cloud Hypervisor's program of that name does.")
                .footerHeading(PicocliReader.EXAMPLES)
                .footer("  " + NAME + " " + RemoteCall.SOCKET + " /run/vm.sock info");
        spec.addOption(OptionSpec.builder(RemoteCall.SOCKET)
                .arity("1")
                .type(String.class)
                .paramLabel("<path>")
                .description("where the VMM serves its API")
                .build());
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("print the version")
                .build());
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("print the commands; behind one: what may follow it")
                .build());
        return spec;
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) {
        Deque<String> rest = new ArrayDeque<>(words);
        String socket = "";
        while (!rest.isEmpty() && rest.peek().startsWith("-")) {
            String word = rest.pop();
            switch (word) {
                case "-h", "--help" -> {
                    help();
                    return ExitCode.OK;
                }
                case "-V", "--version" -> {
                    out.println(NAME + " " + CloudHypervisorCommand.SPOKEN);
                    return ExitCode.OK;
                }
                case RemoteCall.SOCKET -> {
                    if (rest.isEmpty()) {
                        throw new BadInputException(word + " lacks its value: write it behind it");
                    }
                    socket = rest.pop();
                }
                default -> {
                    if (!word.startsWith(RemoteCall.SOCKET + "=")) {
                        throw new BadInputException(word + ": is not known: --help lists what is possible");
                    }
                    socket = word.substring(RemoteCall.SOCKET.length() + 1);
                }
            }
        }
        List<String> said = new ArrayList<>(rest);
        if (said.size() == 2 && (said.getLast().equals("-h") || said.getLast().equals("--help"))) {
            call.help(NAME, said);
            return ExitCode.OK;
        }
        if (said.equals(List.of("create"))) { // as Cloud Hypervisor's does
            said.add(RemoteWords.JsonFile.STANDARD_INPUT);
        }
        return call.run(socket, said);
    }

    private void help() {
        out.println(NAME + ": asks a running VMM, as Cloud Hypervisor's program of that name does.");
        out.println("Usage: " + NAME + " " + RemoteCall.SOCKET + " <path> <command> [...]");
        call.commands().forEach(out::println);
        out.println(NAME + " <command> --help lists the options of one");
    }
}
