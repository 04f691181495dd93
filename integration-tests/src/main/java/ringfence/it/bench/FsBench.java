package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.fuse.FsDaemon;
import ringfence.it.fuse.FsProgram;

/** The program behind {@code packaging/bench fs}. */
public final class FsBench {
    private static final int DEPTH = 16;
    private static final int TRIES = 5;
    /** Whoever disturbs is given so long to end. */
    private static final long PAUSE_NANOS = 1_000_000_000L;
    /** Java is compiled while it runs: so long in all, over the operations. */
    private static final long WARM_UP_NANOS = 45_000_000_000L;

    private static final int WARM_UPS = 5;

    private final FsOptions options;
    private final FsProgram virtiofsd;
    private final PrintStream out;
    private final List<FsRow> rows = new ArrayList<>();
    private final List<String> cores;

    private FsBench(FsOptions options, FsProgram virtiofsd, PrintStream out) {
        this.options = options;
        this.virtiofsd = virtiofsd;
        this.out = out;
        cores = otherCores();
    }

    /** A command that keeps to all cores but the first, on which the launcher keeps this process. */
    private static List<String> otherCores() {
        try {
            String online =
                    Files.readString(Path.of("/sys/devices/system/cpu/online")).strip();
            return online.startsWith("0-") ? List.of("taskset", "-c", "1-" + online.substring(2)) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Arguments: the tree, then {@link FsOptions#USAGE}. Exit code 1: a row is below its bar; 2: it cannot run. */
    public static void main(String[] arguments) throws InterruptedException {
        List<String> words = List.of(arguments);
        boolean met;
        try {
            FsOptions options = FsOptions.parse(words.subList(1, words.size()), Path.of(words.getFirst()));
            met = new FsBench(options, peer(options), System.out).run();
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        System.exit(met ? 0 : 1);
    }

    private static FsProgram peer(FsOptions options) throws IOException {
        if (options.virtiofsd() != null) {
            boolean old = options.virtiofsd().contains("qemu");
            return new FsProgram(
                    "virtiofsd",
                    List.of(options.virtiofsd()),
                    old ? FsProgram.Dialect.MINUS_O : FsProgram.Dialect.LONG);
        }
        return FsProgram.virtiofsd()
                .orElseThrow(() -> new IOException("there is no virtiofsd: apt-get install qemu-system-common"));
    }

    private boolean run() throws IOException, InterruptedException {
        Files.createDirectories(options.output());
        Circumstances circumstances = Circumstances.now(options.commit()).beside(version());
        out.println(circumstances.line());
        out.println(FsRow.head());
        session(1, 1, false);
        for (int queues : options.queues()) {
            session(queues, DEPTH, true);
        }
        Path json = options.output().resolve("fs.json");
        Path svg = options.output().resolve("fs.svg");
        Files.writeString(
                json, circumstances.json(rows.stream().map(FsRow::json).toList()));
        Chart.write(
                svg,
                "Requests to a shared folder per second: our daemon by virtiofsd",
                circumstances,
                rows.stream().map(FsRow::drawn).toList());
        out.println("written: " + json + ", " + svg);
        return rows.stream().noneMatch(row -> row.verdict() == Verdict.BELOW);
    }

    private String version() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(virtiofsd.command());
        command.add("--version");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        String line = text.lines().findFirst().orElse("");
        return line.startsWith("virtiofsd") ? line.replaceFirst("version ", "") : "virtiofsd, " + line;
    }

    /** Rows with the same queues: every contender has a daemon that lives as long. */
    private void session(int queues, int depth, boolean polling) throws IOException, InterruptedException {
        List<FsTarget> targets = new ArrayList<>();
        try (FsFolders folders = FsFolders.in(options.folder())) {
            try {
                for (FsContender contender : FsContender.values()) {
                    targets.add(start(contender, folders.next(), queues, depth, polling));
                }
                for (FsTarget target : targets) {
                    warmUp(target, queues, depth, polling);
                }
                for (FsOperation operation : options.operations()) {
                    row(targets, new FsLoad(operation, depth, queues, polling));
                }
            } finally {
                for (FsTarget target : targets) {
                    target.close();
                }
            }
        }
    }

    /** More than once all: what the compiler has learnt from one operation, the next one refutes. */
    private void warmUp(FsTarget target, int queues, int depth, boolean polling) {
        boolean compiles = target.contender != FsContender.VIRTIOFSD;
        long each = WARM_UP_NANOS / WARM_UPS / options.operations().size();
        for (int i = 0; i < (compiles ? WARM_UPS : 1); i++) {
            for (FsOperation operation : options.operations()) {
                target.warmUp(new FsLoad(operation, depth, queues, polling), each);
            }
        }
    }

    private FsTarget start(FsContender contender, Path folder, int queues, int depth, boolean polling)
            throws IOException, InterruptedException {
        FsDaemon daemon;
        if (contender == FsContender.NULL) {
            Path socket = Files.createTempDirectory("ringfence-fs").resolve("s");
            List<String> command = new ArrayList<>(cores);
            command.addAll(FsTarget.nothing(socket));
            daemon = FsDaemon.run(command, socket, true);
        } else {
            FsProgram program = contender == FsContender.VIRTIOFSD ? virtiofsd : FsProgram.ours(options.ours());
            daemon = FsDaemon.start(
                    cores,
                    program,
                    folder,
                    "auto",
                    contender == FsContender.RINGFENCE ? List.of("--num-request-queues=" + queues) : List.of());
        }
        return new FsTarget(contender, daemon, queues, depth, options.buffers(), polling);
    }

    private void row(List<FsTarget> targets, FsLoad load) {
        int peerQueues = targets.get(FsContender.VIRTIOFSD.ordinal()).queues();
        FsRow row = new FsRow(load, peerQueues);
        for (int round = 0; round < options.rounds(); round++) {
            for (int i = 0; i < targets.size(); i++) {
                FsTarget target = targets.get((i + round) % targets.size());
                row.add(target.contender, undisturbed(target, load));
            }
        }
        rows.add(row);
        out.println(row.line());
    }

    /** A run while the machine does nothing else, or the last of some. */
    private LoadResult undisturbed(FsTarget target, FsLoad load) {
        long nanos = options.millis() * 1_000_000L;
        LoadResult result = target.run(load, nanos);
        for (int tries = 1; tries < TRIES && result.isDisturbed(); tries++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            result = target.run(load, nanos);
        }
        return result;
    }
}
