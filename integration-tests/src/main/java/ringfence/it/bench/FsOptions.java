package ringfence.it.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What to measure of the file system's daemon.
 *
 * @param ours command that starts our daemon, without its options
 * @param virtiofsd the peer's program; null: this machine's
 * @param folder where the shared folders are made
 * @param queues numbers of queues
 * @param operations which rows
 * @param millis of each run
 * @param rounds runs of each contender and row, alternating
 * @param buffers of 1 MiB, over all queues, to which large requests go in turn; at least as many as are under way
 * @param commit of the tree, for the report
 * @param output folder for JSON and SVG
 */
record FsOptions(
        List<String> ours,
        String virtiofsd,
        Path folder,
        List<Integer> queues,
        List<FsOperation> operations,
        int millis,
        int rounds,
        int buffers,
        String commit,
        Path output) {

    private static final int MOST_BUFFERS = 256;

    static final String USAGE = "bench fs [--ours=COMMAND] [--virtiofsd=PROGRAM] [--folder=/dev/shm] [--queues=1,4]"
            + " [--operations=LOOKUP,GETATTR,READDIRPLUS,CREATE,UNLINK,READ_4K,WRITE_4K,READ_1M,WRITE_1M]"
            + " [--millis=500] [--rounds=4] [--buffers=64] [--commit=ID] [--out=FOLDER]";

    private static final Set<String> KEYS = Set.of(
            "ours", "virtiofsd", "folder", "queues", "operations", "millis", "rounds", "buffers", "commit", "out");

    /** @throws IllegalArgumentException with one line for the user */
    static FsOptions parse(List<String> arguments, Path tree) {
        Words words = Words.parse(arguments, KEYS, USAGE);
        String ours = tree.resolve("bin/vhost-user-fs").toString();
        String virtiofsd = words.text("virtiofsd", "");
        String operations = words.text("operations", "");
        return new FsOptions(
                List.of(words.text("ours", ours).split(" ", -1)),
                virtiofsd.isEmpty() ? null : virtiofsd,
                Path.of(words.text("folder", "/dev/shm")),
                words.numbers("queues", "1,4", 1, 64),
                operations.isEmpty()
                        ? List.of(FsOperation.values())
                        : Arrays.stream(operations.split(",", -1))
                                .map(FsOperation::valueOf)
                                .toList(),
                words.number("millis", 500, BenchOptions.LEAST_MILLIS, BenchOptions.MOST_MILLIS),
                words.number("rounds", 4, 1, BenchOptions.MOST_ROUNDS),
                words.number("buffers", 64, 1, MOST_BUFFERS),
                words.text("commit", "unknown"),
                Path.of(words.text("out", "target/bench")));
    }
}
