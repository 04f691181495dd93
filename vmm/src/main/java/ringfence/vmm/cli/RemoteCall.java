package ringfence.vmm.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.process.FailureException;
import ringfence.vmm.api.ApiClient;

/**
 * What {@code ch-remote} and {@code ringfence ctl} have in common: a command's words become a request, and its answer is
 * printed.
 */
final class RemoteCall {
    /** The option that names the socket. */
    static final String SOCKET = "--api-socket";

    private final Linux linux;
    private final PrintStream out;
    private final List<RemoteVerbs.Verb> possible;

    RemoteCall(Linux linux, PrintStream out, List<RemoteVerbs.Verb> possible) {
        this.linux = linux;
        this.out = out;
        this.possible = possible;
    }

    /**
     * Asks.
     *
     * @param socket where; empty: nobody said
     * @param said the command, and what follows it
     * @return the exit code
     * @throws BadInputException the words make no command
     * @throws OptionException the same
     * @throws FailureException the VMM refuses, or nobody answers
     */
    int run(String socket, List<String> said) {
        RemoteVerbs.Verb verb = find(said);
        RemoteWords.Body body = body(verb, new ArrayDeque<>(said.subList(1, said.size())));
        if (socket.isEmpty()) {
            throw new BadInputException(SOCKET + " is missing: name the path that the VMM was given");
        }
        List<Fd> fds = new ArrayList<>();
        try {
            body.fds().forEach(number -> fds.add(duplicate(verb, number)));
            print(new ApiClient(linux, socket).ask(verb.method(), verb.endpoint(), body.json(), fds));
        } catch (IOException e) {
            throw new FailureException(
                    SOCKET + " " + socket + ": nobody answers there (" + e.getMessage() + "): check the path", e);
        } finally {
            fds.forEach(Fd::close);
        }
        return ExitCode.OK;
    }

    /** A line for each command. */
    List<String> commands() {
        int width =
                possible.stream().mapToInt(verb -> verb.usage().length()).max().orElse(1);
        return possible.stream()
                .map(verb -> String.format("  %-" + width + "s  %s", verb.usage(), verb.help()))
                .toList();
    }

    /** Prints what may be written behind the command that these words begin with. @param program before it */
    void help(String program, List<String> said) {
        RemoteVerbs.Verb verb = find(said);
        out.println(program + " " + verb.usage() + ": " + verb.help());
        verb.words().help().forEach(line -> out.println("  " + line.strip()));
    }

    private RemoteVerbs.Verb find(List<String> said) {
        String name = said.isEmpty() ? "" : said.getFirst();
        for (RemoteVerbs.Verb verb : possible) {
            if (verb.name().equals(name)) {
                return verb;
            }
        }
        throw new BadInputException((name.isEmpty() ? "no command" : "no command '" + name + "'") + ": "
                + String.join(
                        ", ", possible.stream().map(RemoteVerbs.Verb::name).toList()) + " are possible");
    }

    private static RemoteWords.Body body(RemoteVerbs.Verb verb, Deque<String> rest) {
        try {
            RemoteWords.Body body = verb.words().take(rest);
            if (!rest.isEmpty()) {
                throw new OptionException("takes no more: leave '" + rest.peek() + "' out");
            }
            return body;
        } catch (OptionException e) {
            throw e.within(verb.name());
        }
    }

    private Fd duplicate(RemoteVerbs.Verb verb, int number) {
        try {
            return linux.files().duplicate(number);
        } catch (ErrnoException e) {
            throw new BadInputException(
                    verb.name() + " fd: " + number + " is not open: let whoever starts this program hand it over", e);
        }
    }

    private void print(ApiClient.Answer answer) {
        if (!answer.isOk()) {
            throw new FailureException("the VMM answers " + answer.status() + ": " + lines(answer.body()));
        }
        if (!answer.body().isEmpty()) {
            out.println(answer.body());
        }
    }

    /** What the VMM says of an error is a list of lines. */
    private static String lines(String body) {
        try {
            if (JsonReader.read(body) instanceof Json.Arr(List<Json> items)) {
                return String.join(
                        "; ",
                        items.stream()
                                .map(item -> item instanceof Json.Str(String line) ? line : item.toString())
                                .toList());
            }
        } catch (OptionException e) {
            // it is somebody else who answers
        }
        return body;
    }
}
