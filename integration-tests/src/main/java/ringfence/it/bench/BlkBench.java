package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Linux;

/** The program behind {@code packaging/bench blk}. */
public final class BlkBench {
    /** Of the disk, from its beginning. */
    static final int VERIFIED_BLOCKS = 4096;

    private static final int VERIFIED_WRITES = 40_000;
    private static final long WARM_UP_NANOS = 4_000_000_000L;
    private static final int TRIES = 5;
    /** Whoever disturbs is given so long to end. */
    private static final long PAUSE_NANOS = 1_000_000_000L;
    /** Round r takes these, each plus r: in four rounds each contender comes after each other one once. */
    private static final int[] ORDER = {0, 1, 3, 2};

    private final Linux linux = Linux.system();
    private final BenchOptions options;
    private final PrintStream out;
    private final List<Row> rows = new ArrayList<>();
    private final List<String> verification = new ArrayList<>();
    private final LoadDriver load;
    private final String daemonCores;

    private BlkBench(BenchOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
        load = new LoadDriver(linux, (long) options.megabytes() << 20);
        daemonCores = otherCores();
    }

    /** Arguments: the tree, then {@link BenchOptions#USAGE}. Exit code 1: a row is below its bar; 2: it cannot run. */
    public static void main(String[] arguments) throws InterruptedException {
        List<String> words = List.of(arguments);
        boolean passed;
        try {
            BenchOptions options = BenchOptions.parse(words.subList(1, words.size()), Path.of(words.getFirst()));
            passed = new BlkBench(options, System.out).run();
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        System.exit(passed ? 0 : 1);
    }

    /** All cores but the first, on which the launcher keeps this process. */
    private static String otherCores() {
        try {
            String online =
                    Files.readString(Path.of("/sys/devices/system/cpu/online")).strip();
            return online.startsWith("0-") ? "1-" + online.substring(2) : "";
        } catch (IOException e) {
            return "";
        }
    }

    private boolean run() throws IOException, InterruptedException {
        Files.createDirectories(options.output());
        Circumstances circumstances =
                Circumstances.now(options.commit()).beside("qemu-storage-daemon " + Circumstances.qemuVersion());
        out.println(circumstances.line());
        Report.head(out);
        for (int queues : options.queues()) {
            if (options.memory() != null) {
                medium("tmpfs", options.memory(), queues, false);
            }
            if (options.disk() != null) {
                medium("disk", options.disk(), queues, true);
            }
        }
        Path json = options.output().resolve("blk.json");
        Path svg = options.output().resolve("blk.svg");
        Report.json(json, circumstances, rows, verification);
        Chart.write(
                svg,
                "Random 4 KiB I/O over vhost-user-blk: requests per second, by those of the better of"
                        + " qemu-storage-daemon's engines",
                circumstances,
                rows.stream().map(Row::drawn).toList());
        out.println("written: " + json + ", " + svg);
        return rows.stream().noneMatch(row -> row.verdict() == Verdict.BELOW);
    }

    private void medium(String medium, Path folder, int queues, boolean direct)
            throws IOException, InterruptedException {
        List<RunningDaemon> daemons = new ArrayList<>();
        try (DiskImage image = DiskImage.create(folder, options.megabytes())) {
            for (Contender contender : Contender.values()) {
                daemons.add(RunningDaemon.start(contender, options, image.file(), queues, direct, daemonCores));
            }
            for (RunningDaemon daemon : daemons) {
                verify(medium, daemon);
                load.run(daemon.socket.toString(), new LoadSpec(false, 32, queues, true), warmUp(daemon), daemon.cpu);
                load.run(daemon.socket.toString(), new LoadSpec(true, 1, queues, true), warmUp(daemon) / 4, daemon.cpu);
            }
            for (boolean polling : options.polling()) {
                for (int depth : options.depths()) {
                    for (boolean write : new boolean[] {false, true}) {
                        row(medium, daemons, new LoadSpec(write, depth, queues, polling));
                    }
                }
            }
        } finally {
            for (RunningDaemon daemon : daemons) {
                daemon.close();
            }
        }
    }

    /** Java is compiled while it runs. */
    private static long warmUp(RunningDaemon daemon) {
        boolean java = daemon.contender == Contender.RINGFENCE || daemon.contender == Contender.NULL;
        return java ? WARM_UP_NANOS : WARM_UP_NANOS / 8;
    }

    private void verify(String medium, RunningDaemon daemon) {
        if (daemon.contender != Contender.NULL) {
            int right = new Verification(VERIFIED_BLOCKS, daemon.contender.ordinal())
                    .run(linux, daemon.socket.toString(), VERIFIED_WRITES);
            String line = medium + ", " + daemon.contender.label() + ": " + VERIFIED_WRITES + " stamped writes, "
                    + right + " blocks read back, all right";
            verification.add(line);
            out.println(line);
        }
    }

    private void row(String medium, List<RunningDaemon> daemons, LoadSpec spec) {
        Row row = new Row(medium, spec);
        for (int round = 0; round < options.rounds(); round++) {
            for (int place : ORDER) {
                RunningDaemon daemon = daemons.get((place + round) % daemons.size());
                row.add(daemon.contender, undisturbed(daemon, spec));
            }
        }
        rows.add(row);
        Report.line(out, row);
    }

    /** A run while the machine does nothing else, or the last of some. */
    private LoadResult undisturbed(RunningDaemon daemon, LoadSpec spec) {
        long nanos = options.millis() * 1_000_000L;
        LoadResult result = load.run(daemon.socket.toString(), spec, nanos, daemon.cpu);
        for (int tries = 1; tries < TRIES && result.isDisturbed(); tries++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            result = load.run(daemon.socket.toString(), spec, nanos, daemon.cpu);
        }
        return result;
    }
}
