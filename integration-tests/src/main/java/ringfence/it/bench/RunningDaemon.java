package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A daemon's process with its socket, which goes away with it. */
final class RunningDaemon implements AutoCloseable {
    private static final long START_NANOS = 20_000_000_000L;

    final Contender contender;
    final Path socket;
    final CpuTime cpu;
    private final Process process;

    private RunningDaemon(Contender contender, Path socket, Process process) {
        this.contender = contender;
        this.socket = socket;
        this.process = process;
        cpu = new CpuTime(process.pid());
    }

    /**
     * Starts it on a disk and waits until it listens.
     *
     * @param cores as taskset(1) takes them; empty: all
     */
    static RunningDaemon start(
            Contender contender, BenchOptions options, Path image, int queues, boolean direct, String cores)
            throws IOException, InterruptedException {
        Path socket = Files.createTempDirectory("ringfence-bench").resolve("s");
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
        return new RunningDaemon(contender, socket, process);
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
        Files.deleteIfExists(socket);
        Files.deleteIfExists(Path.of(socket + ".fence"));
        Files.deleteIfExists(socket.getParent());
    }
}
