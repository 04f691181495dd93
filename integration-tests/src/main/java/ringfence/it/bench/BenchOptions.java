package ringfence.it.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

    /** Less is too short to be told from noise, and may have no request end. */
    static final int LEAST_MILLIS = 10;

    static final int MOST_MILLIS = 600_000;
    static final int MOST_ROUNDS = 1000;
    private static final int MOST_MEGABYTES = 1 << 20;
    private static final int MOST_QUEUES = 16;

    /** @throws IllegalArgumentException with one line for the user */
    static BenchOptions parse(List<String> arguments, Path tree) {
        Words words = Words.parse(arguments, KEYS, USAGE);
        String only = words.choice("only", List.of("tmpfs", "disk"));
        List<Boolean> polling = new ArrayList<>();
        for (String name : words.text("notify", "polling,eventfd").split(",", -1)) {
            if (!name.equals("polling") && !name.equals("eventfd")) {
                throw new IllegalArgumentException("--notify=" + name + ": give polling, eventfd or both");
            }
            polling.add(name.equals("polling"));
        }
        List<Integer> queues = words.numbers("queues", "1,2", 1, MOST_QUEUES);
        return new BenchOptions(
                List.of(words.text("ours", tree.resolve("bin/vhost-user-blk").toString())
                        .split(" ", -1)),
                words.number("millis", 500, LEAST_MILLIS, MOST_MILLIS),
                words.number("rounds", 4, 1, MOST_ROUNDS),
                words.number("size", 512, BlkBench.VERIFIED_BLOCKS * LoadSpec.BLOCK >> 20, MOST_MEGABYTES),
                only.equals("disk") ? null : Path.of(words.text("memory", "/dev/shm")),
                only.equals("tmpfs") ? null : Path.of(words.text("disk", "/var/tmp")),
                queues,
                words.numbers("depths", "1,32,128", 1, BenchGuest.MOST_SLOTS * Collections.min(queues)),
                polling,
                words.text("commit", "unknown"),
                Path.of(words.text("out", "target/bench")));
    }
}
