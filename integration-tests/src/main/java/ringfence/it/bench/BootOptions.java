package ringfence.it.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What to measure of a start.
 *
 * @param rounds of each row, alternating
 * @param megabytes of each guest's memory
 * @param settle seconds between init and the look at private memory
 * @param here whether to measure on this machine
 * @param lab whether to measure in L1
 * @param commit of the tree, for the report
 * @param output folder for JSON and SVG
 */
record BootOptions(int rounds, int megabytes, int settle, boolean here, boolean lab, String commit, Path output) {
    static final String USAGE =
            "bench boot [--only=here|lab] [--rounds=10] [--memory=512] [--settle=10] [--commit=ID]" + " [--out=FOLDER]";

    private static final Set<String> KEYS = Set.of("only", "rounds", "memory", "settle", "commit", "out");

    /** @throws IllegalArgumentException with one line for the user */
    static BootOptions parse(List<String> arguments) {
        Words words = Words.parse(arguments, KEYS, USAGE);
        String only = words.choice("only", List.of("here", "lab"));
        return new BootOptions(
                words.number("rounds", 10, 1, BenchOptions.MOST_ROUNDS),
                words.number("memory", 512, 64, 65_536),
                words.number("settle", 10, 0, 3600),
                !only.equals("lab"),
                !only.equals("here"),
                words.text("commit", "unknown"),
                Path.of(words.text("out", "target/bench")));
    }
}
