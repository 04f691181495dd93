package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A daemon's process with its socket and its disk; all of them go away with it. */
final class RunningDaemon implements AutoCloseable {
    private static final long START_NANOS = 20_000_000_000L;

    final Contender contender;
    final Path socket;
    final CpuTime cpu;
    private final Process process;
    private final Path image;

    private RunningDaemon(Contender contender, Path socket, Path image, Process process) {
        this.contender = contender;
        this.socket = socket;
        this.image = image;
        this.process = process;
        cpu = new CpuTime(process.pid());
    }

    /**
     * Starts it on a fresh disk and waits until it listens.
     *
     * @param cores as taskset(1) takes them; empty: all
     */
    static RunningDaemon start(
            Contender contender, BenchOptions options, Path folder, int queues, boolean direct, String cores)
            throws IOException, InterruptedException {
        Path image = folder.resolve("ringfence-bench-" + contender.name().toLowerCase(java.util.Locale.ROOT) + ".img");
        Path socket = Files.createTempDirectory("ringfence-bench").resolve("s");
        if (contender != Contender.NULL) {
            fill(image, options.megabytes());
        }
        List<String> command = new ArrayList<>();
        if (!cores.isEmpty()) {
            command.addAll(List.of("taskset", "-c", cores));
        }
        command.addAll(contender.command(options.ours(), image, socket, queues, direct));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long deadline = System.nanoTime() + START_NANOS;
        while (!Files.exists(socket)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                process.destroyForcibly();
                throw new IOException("does not start: " + String.join(" ", command));
            }
            Thread.sleep(5);
        }
        return new RunningDaemon(contender, socket, image, process);
    }

    /** Real blocks, not holes: a hole is answered without its page. */
    private static void fill(Path image, int megabytes) throws IOException {
        byte[] chunk = new byte[1 << 20];
        new java.util.Random(1).nextBytes(chunk);
        try (var out = Files.newOutputStream(image)) {
            for (int i = 0; i < megabytes; i++) {
                out.write(chunk);
            }
        }
        try (var channel = java.nio.channels.FileChannel.open(image, java.nio.file.StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(image);
        Files.deleteIfExists(socket);
        Files.deleteIfExists(Path.of(socket + ".fence"));
        Files.deleteIfExists(socket.getParent());
    }
}
