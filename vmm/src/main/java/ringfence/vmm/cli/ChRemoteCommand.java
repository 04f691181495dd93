package ringfence.vmm.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.FailureException;
import ringfence.vmm.api.ApiClient;

/**
 * {@code ch-remote}: Cloud Hypervisor's client of the API. Prints what the VMM answers; exit status 1 if that is a
 * refusal or nobody answers, 2 for words that make no command.
 */
final class ChRemoteCommand {
    private static final String SOCKET = "--api-socket";

    private final Linux linux;
    private final PrintStream out;

    ChRemoteCommand(Linux linux, PrintStream out) {
        this.linux = linux;
        this.out = out;
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
                    out.println("ch-remote " + CloudHypervisorCommand.SPOKEN);
                    return ExitCode.OK;
                }
                case SOCKET -> socket = value(SOCKET, rest);
                default -> {
                    if (!word.startsWith(SOCKET + "=")) {
                        throw new BadInputException(word + ": is not known: --help lists what is possible");
                    }
                    socket = word.substring(SOCKET.length() + 1);
                }
            }
        }
        RemoteVerbs.Verb verb = RemoteVerbs.find(rest.isEmpty() ? "" : rest.pop());
        RemoteVerbs.Body body = body(verb, rest);
        if (socket.isEmpty()) {
            throw new BadInputException(SOCKET + " is missing: name the path that the VMM was given");
        }
        return ask(socket, verb, body);
    }

    private void help() {
        out.println("ch-remote: asks a running VMM, as Cloud Hypervisor's program of that name does.");
        out.println("Usage: ch-remote --api-socket <path> <command> [...]");
        RemoteVerbs.list()
                .forEach((name, verb) -> out.println("  " + name
                        + switch (verb.takes()) {
                            case NOTHING -> "";
                            case WORD -> " <value>";
                            case FILE -> " [<file>]";
                            case OPTIONS ->
                                " [" + String.join(" <value>] [", verb.options().keySet()) + " <value>]";
                        }));
    }

    private static String value(String flag, Deque<String> rest) {
        if (rest.isEmpty()) {
            throw new BadInputException(flag + " lacks its value: write it behind it");
        }
        return rest.pop();
    }

    private static RemoteVerbs.Body body(RemoteVerbs.Verb verb, Deque<String> rest) {
        try {
            String word = switch (verb.takes()) {
                case NOTHING -> "";
                case WORD -> value(verb.endpoint(), rest);
                case FILE -> text(rest.isEmpty() ? "-" : rest.pop());
                case OPTIONS -> options(verb, rest);
            };
            if (!rest.isEmpty()) {
                throw new BadInputException("'" + rest.peek() + "' is too much: leave it out");
            }
            return verb.body().of(word);
        } catch (OptionException e) {
            throw new BadInputException(verb.endpoint() + ": " + e.getMessage(), e);
        }
    }

    private static String options(RemoteVerbs.Verb verb, Deque<String> rest) {
        Map<String, Json> members = new LinkedHashMap<>();
        while (!rest.isEmpty()) {
            String word = rest.pop();
            int equals = word.indexOf('=');
            String flag = equals < 0 ? word : word.substring(0, equals);
            RemoteOption option = verb.options().get(flag);
            if (option == null) {
                throw new BadInputException(flag + ": is not known: "
                        + String.join(", ", verb.options().keySet()) + " are possible");
            }
            String text = equals < 0 ? value(flag, rest) : word.substring(equals + 1);
            members.put(option.field(), option.value(text));
        }
        return new Json.Obj(members).toString();
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

    private int ask(String socket, RemoteVerbs.Verb verb, RemoteVerbs.Body body) {
        List<Fd> fds = new ArrayList<>();
        ApiClient.Answer answer;
        try {
            for (int number : body.fds()) {
                fds.add(linux.files().duplicate(number));
            }
            answer = new ApiClient(linux, socket).ask(verb.method(), verb.endpoint(), body.json(), fds);
        } catch (ErrnoException e) {
            throw new BadInputException("fd: a descriptor is not open: let whoever starts ch-remote hand it over", e);
        } catch (IOException e) {
            throw new FailureException(
                    SOCKET + " " + socket + ": nobody answers there (" + e.getMessage() + "): check the path", e);
        } finally {
            fds.forEach(Fd::close);
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
