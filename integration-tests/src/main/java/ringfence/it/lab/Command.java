package ringfence.it.lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What to start on a {@link KvmHost}.
 *
 * @param words the program and its arguments; the program is looked for on that host's PATH
 * @param environment added to that host's environment
 * @param directory where it runs; empty: the host's scratch directory
 */
public record Command(List<String> words, Map<String, String> environment, String directory) {
    /** Keeps copies. */
    public Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
    }

    /** A command of these words alone. */
    public static Command of(String... words) {
        return new Command(List.of(words), Map.of(), "");
    }

    /** A shell script; {@code $1} and so on are the arguments. */
    public static Command script(String text, String... arguments) {
        List<String> words = new ArrayList<>(List.of("sh", "-c", text, "script"));
        words.addAll(List.of(arguments));
        return new Command(words, Map.of(), "");
    }

    /** The same with more words at its end. */
    public Command with(String... more) {
        return with(List.of(more));
    }

    /** The same with more words at its end. */
    public Command with(List<String> more) {
        List<String> all = new ArrayList<>(words);
        all.addAll(more);
        return new Command(all, environment, directory);
    }

    /** The same with one more variable. */
    public Command variable(String name, String value) {
        Map<String, String> all = new HashMap<>(environment);
        all.put(name, value);
        return new Command(words, all, directory);
    }

    /** The words as one would type them, for messages. */
    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
