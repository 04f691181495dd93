package ringfence.it.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What to measure of the network daemon.
 *
 * @param ours command that starts our daemon, without its options
 * @param sizes bytes of the frames, one row each
 * @param frames under way in each direction, a multiple of 32
 * @param millis of each run
 * @param rounds runs of each contender and row, alternating
 * @param ports whether to measure the switch, on this machine
 * @param tap whether to measure a tap
 * @param lab whether to measure a tap in the lab, too
 * @param commit of the tree, for the report
 * @param output folder for JSON and SVG
 */
record NetOptions(
        List<String> ours,
        List<Integer> sizes,
        int frames,
        int millis,
        int rounds,
        boolean ports,
        boolean tap,
        boolean lab,
        String commit,
        Path output) {

    static final String USAGE =
            "bench net [--only=switch|tap|tap-here] [--ours=COMMAND] [--sizes=64,512,1500] [--frames=256]"
                    + " [--millis=1000] [--rounds=6] [--commit=ID] [--out=FOLDER]";

    private static final Set<String> KEYS =
            Set.of("only", "ours", "sizes", "frames", "millis", "rounds", "commit", "out");

    /** @throws IllegalArgumentException with one line for the user */
    static NetOptions parse(List<String> arguments, Path tree) {
        Words words = Words.parse(arguments, KEYS, USAGE);
        String only = words.choice("only", List.of("switch", "tap", "tap-here"));
        String ours = tree.resolve("bin/vhost-user-net").toString();
        return new NetOptions(
                List.of(words.text("ours", ours).split(" ", -1)),
                words.numbers("sizes", "64,512,1500", 60, 65_000),
                words.number("frames", 256, 32, 32_768),
                words.number("millis", 1000, BenchOptions.LEAST_MILLIS, BenchOptions.MOST_MILLIS),
                words.number("rounds", 6, 1, BenchOptions.MOST_ROUNDS),
                !only.startsWith("tap"),
                !only.equals("switch"),
                !only.equals("tap-here"),
                words.text("commit", "unknown"),
                Path.of(words.text("out", "target/bench")));
    }
}
