package ringfence.it.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The words {@code --KEY=VALUE} of a command line. */
final class Words {
    private Words() {}

    /** By key. @throws IllegalArgumentException one line for the user, if one is not of these keys */
    static Map<String, String> parse(List<String> words, Set<String> keys, String usage) {
        Map<String, String> values = new HashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (!word.startsWith("--") || equals < 0 || !keys.contains(word.substring(2, equals))) {
                throw new IllegalArgumentException("unknown: " + word + "; " + usage);
            }
            values.put(word.substring(2, equals), word.substring(equals + 1));
        }
        return values;
    }
}
