package ringfence.vmm.cli;

import java.util.List;
import java.util.Optional;

/** Reads a plain command line, and declines whatever is not: the reader with the good error messages takes over. */
final class QuickReader {
    private QuickReader() {}

    /** What was written; empty: let picocli look at it. */
    static Optional<Arguments> read(List<String> words) {
        Arguments arguments = new Arguments();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.startsWith("--") ? word.indexOf('=') : -1;
            Optional<Flag> known = Flags.find(equals < 0 ? word : word.substring(0, equals));
            if (known.isEmpty()) {
                if (!isVerbose(word)) {
                    return Optional.empty();
                }
                for (int v = 1; v < word.length(); v++) {
                    arguments.add(Flags.find(Flags.VERBOSE).orElseThrow(), "");
                }
                continue;
            }
            Flag flag = known.get();
            if (!flag.repeats() && arguments.has(flag.name()) || equals >= 0 && !flag.hasValue()) {
                return Optional.empty();
            }
            if (!flag.hasValue()) {
                arguments.add(flag, "");
            } else if (equals >= 0) {
                arguments.add(flag, word.substring(equals + 1));
            } else if (i + 1 == words.size() || words.get(i + 1).startsWith("--")) {
                return Optional.empty();
            } else {
                arguments.add(flag, words.get(++i));
                while (flag.repeats()
                        && i + 1 < words.size()
                        && !words.get(i + 1).startsWith("-")) {
                    arguments.add(flag, words.get(++i));
                }
            }
        }
        return Optional.of(arguments);
    }

    /** {@code -vv} and the like. */
    private static boolean isVerbose(String word) {
        return word.length() > 2
                && word.charAt(0) == '-'
                && word.chars().skip(1).allMatch(c -> c == 'v');
    }
}
