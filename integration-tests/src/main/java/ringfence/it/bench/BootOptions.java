package ringfence.it.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
    static BootOptions parse(List<String> words) {
        Map<String, String> values = Words.parse(words, KEYS, USAGE);
        String only = values.getOrDefault("only", "");
        if (!Set.of("", "here", "lab").contains(only)) {
            throw new IllegalArgumentException("--only=" + only + " is neither here nor lab");
        }
        return new BootOptions(
                Integer.parseInt(values.getOrDefault("rounds", "10")),
                Integer.parseInt(values.getOrDefault("memory", "512")),
                Integer.parseInt(values.getOrDefault("settle", "10")),
                !only.equals("lab"),
                !only.equals("here"),
                values.getOrDefault("commit", "unknown"),
                Path.of(values.getOrDefault("out", "target/bench")));
    }
}
