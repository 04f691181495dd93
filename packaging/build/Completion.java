import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Completion of a program's words. The shells' functions are in {@code completion.bash} and {@code completion.zsh}; here is
 * the table that they look at: what may follow a command, {@code 'ringfence run'}, or an option, {@code 'ringfence run
 * --disk'}.
 *
 * <p>What may follow are words; {@code <path>} for a file; {@code key=...} for a list of keys, separated by commas; and
 * {@code ...} in front of them if the option takes several values.
 */
final class Completion {
    private static final String FILE = "<path>";
    private static final List<String> FILES = List.of(FILE, "<file>", "PATH", "FILE", "DIR", "SOCKET");

    private final Map<String, List<String>> table = new LinkedHashMap<>();

    private Completion(CommandSpec program, CommandSpec elsewhere) {
        add(program, program.name());
        if (table.containsKey(elsewhere.name())) {
            add(elsewhere, elsewhere.name());
        }
    }

    /**
     * The script for a shell.
     *
     * @param elsewhere a command that a program hands over to another one, by both names
     * @param template of that shell
     */
    static String of(CommandSpec program, CommandSpec elsewhere, Path template) throws IOException {
        String lines = new Completion(program, elsewhere)
                .table.entrySet().stream()
                        .map(entry ->
                                "    '" + entry.getKey() + "') REPLY='" + String.join(" ", entry.getValue()) + "' ;;")
                        .collect(Collectors.joining("\n"));
        return Files.readString(template)
                .replace("@PROGRAM@", program.name())
                .replace("@FUNCTION@", "_" + program.name().replace('-', '_'))
                .replace("@TABLE@", lines);
    }

    private void add(CommandSpec command, String context) {
        List<String> words = new ArrayList<>(command.subcommands().keySet());
        if (words.isEmpty()) {
            command.positionalParameters().forEach(word -> words.addAll(values(word)));
        }
        table.put(context, words);
        for (OptionSpec option : command.options()) {
            for (String name : option.names()) {
                words.add(name);
                if (option.arity().max() > 0) {
                    List<String> values = new ArrayList<>(option.arity().max() > 1 ? List.of("...") : List.of());
                    values.addAll(values(option));
                    table.put(context + " " + name, values);
                }
            }
        }
        command.subcommands().forEach((name, sub) -> add(sub.getCommandSpec(), context + " " + name));
    }

    private static List<String> values(ArgSpec argument) {
        List<String> values = new ArrayList<>();
        if (argument.completionCandidates() != null) {
            argument.completionCandidates().forEach(one -> values.addAll(values(one)));
        } else {
            for (String part : argument.paramLabel().split(",")) {
                values.addAll(values(part));
            }
        }
        return values;
    }

    private static List<String> values(String syntax) {
        int equals = syntax.indexOf('=');
        if (equals > 0) {
            return List.of(syntax.substring(0, equals + 1)
                    + alternatives(syntax.substring(equals + 1)).collect(Collectors.joining("|")));
        }
        return alternatives(syntax).toList();
    }

    /** Of {@code on|off} both; of a placeholder for a file, that; of other placeholders nothing. */
    private static Stream<String> alternatives(String syntax) {
        if (FILES.contains(syntax)) {
            return Stream.of(FILE);
        }
        return syntax.matches("[a-z0-9|_-]+") && syntax.contains("|") ? Stream.of(syntax.split("\\|")) : Stream.of();
    }
}
