package ringfence.it.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What to measure.
 *
 * @param ours command that starts our daemon, without its options
 * @param millis of each run
 * @param rounds runs of each contender and row; multiples of 4 are fair to all
 * @param megabytes size of each disk
 * @param memory folder on tmpfs; null: leave this medium out
 * @param disk folder on a disk; null: leave it out
 * @param queues numbers of queues
 * @param depths requests under way
 * @param polling ways to learn of completions: looking (true), being told (false)
 * @param commit of the tree, for the report
 * @param output folder for JSON and SVG
 */
record BenchOptions(
        List<String> ours,
        int millis,
        int rounds,
        int megabytes,
        Path memory,
        Path disk,
        List<Integer> queues,
        List<Integer> depths,
        List<Boolean> polling,
        String commit,
        Path output) {

    static final String USAGE =
            "bench blk [--ours=COMMAND] [--millis=500] [--rounds=4] [--size=512] [--only=tmpfs|disk]"
                    + " [--memory=/dev/shm] [--disk=/var/tmp] [--queues=1,2] [--depths=1,32,128]"
                    + " [--notify=polling,eventfd] [--commit=ID] [--out=FOLDER]";

    private static final Set<String> KEYS = Set.of(
            "ours", "millis", "rounds", "size", "only", "memory", "disk", "queues", "depths", "notify", "commit",
            "out");

    /** @throws IllegalArgumentException with one line for the user */
    static BenchOptions parse(List<String> arguments, Path tree) {
        Map<String, String> values = Words.parse(arguments, KEYS, USAGE);
        String only = values.getOrDefault("only", "");
        List<Boolean> polling = new ArrayList<>();
        for (String name : values.getOrDefault("notify", "polling,eventfd").split(",", -1)) {
            polling.add(name.equals("polling"));
        }
        return new BenchOptions(
                List.of(values.getOrDefault(
                                "ours", tree.resolve("bin/vhost-user-blk").toString())
                        .split(" ", -1)),
                Integer.parseInt(values.getOrDefault("millis", "500")),
                Integer.parseInt(values.getOrDefault("rounds", "4")),
                Integer.parseInt(values.getOrDefault("size", "512")),
                only.equals("disk") ? null : Path.of(values.getOrDefault("memory", "/dev/shm")),
                only.equals("tmpfs") ? null : Path.of(values.getOrDefault("disk", "/var/tmp")),
                numbers(values.getOrDefault("queues", "1,2")),
                numbers(values.getOrDefault("depths", "1,32,128")),
                polling,
                values.getOrDefault("commit", "unknown"),
                Path.of(values.getOrDefault("out", "target/bench")));
    }

    private static List<Integer> numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        for (String number : text.split(",", -1)) {
            numbers.add(Integer.parseInt(number));
        }
        return numbers;
    }
}
