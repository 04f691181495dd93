package ringfence.it.bench;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The words {@code --KEY=VALUE} of a command line. What is wrong is an IllegalArgumentException of one line for the user. */
final class Words {
    private final Map<String, String> values = new HashMap<>();

    private Words() {}

    /** Each has one of these keys. */
    static Words parse(List<String> words, Set<String> keys, String usage) {
        Words parsed = new Words();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (!word.startsWith("--") || equals < 0 || !keys.contains(word.substring(2, equals))) {
                throw new IllegalArgumentException("unknown: " + word + "; " + usage);
            }
            parsed.values.put(word.substring(2, equals), word.substring(equals + 1));
        }
        return parsed;
    }

    /** The value; what stands for it where it was not given. */
    String text(String key, String standard) {
        return values.getOrDefault(key, standard);
    }

    /** One of some; empty: it was not given. */
    String choice(String key, List<String> choices) {
        String text = text(key, "");
        if (values.containsKey(key) && !choices.contains(text)) {
            throw new IllegalArgumentException("--" + key + "=" + text + ": give one of " + String.join(", ", choices));
        }
        return text;
    }

    /** A number of this range. */
    int number(String key, int standard, int from, int to) {
        return number(key, text(key, Integer.toString(standard)), from, to);
    }

    /** Numbers of this range, with commas between. */
    List<Integer> numbers(String key, String standard, int from, int to) {
        return Arrays.stream(text(key, standard).split(",", -1))
                .map(text -> number(key, text, from, to))
                .toList();
    }

    private static int number(String key, String text, int from, int to) {
        try {
            int number = Integer.parseInt(text);
            if (number >= from && number <= to) {
                return number;
            }
        } catch (NumberFormatException _) {
            // told below
        }
        throw new IllegalArgumentException("--" + key + "=" + text + ": give numbers from " + from + " to " + to);
    }
}
