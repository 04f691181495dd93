package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
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
