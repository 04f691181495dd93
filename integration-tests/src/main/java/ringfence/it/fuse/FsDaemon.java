package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running daemon with its socket, which goes away with it. */
public final class FsDaemon implements AutoCloseable {
    private static final long START_NANOS = 20_000_000_000L;

    private final Path socket;
    private final Process process;

    private FsDaemon(Path socket, Process process) {
        this.socket = socket;
        this.process = process;
    }

    /** Starts it on a folder and waits until it listens. @param options as {@link FsProgram#on} takes them */
    public static FsDaemon start(FsProgram program, Path folder, String... options)
            throws IOException, InterruptedException {
        return start(List.of(), program, folder, "auto", List.of(options));
    }

    /** The same with a command before it, such as taskset(1). */
    public static FsDaemon start(
            List<String> before, FsProgram program, Path folder, String cache, List<String> options)
            throws IOException, InterruptedException {
        Path socket = Files.createTempDirectory("ringfence-fs").resolve("s");
        List<String> command = new ArrayList<>(before);
        command.addAll(program.on(folder, socket, cache, options));
        return run(command, socket, program.isOurs());
    }

    /** Runs a command that makes this socket. @param heard whether what it says is shown */
    public static FsDaemon run(List<String> command, Path socket, boolean heard)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(heard ? ProcessBuilder.Redirect.INHERIT : ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        FsDaemon daemon = new FsDaemon(socket, process);
        long deadline = System.nanoTime() + START_NANOS;
        while (!Files.exists(socket)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                daemon.close();
                throw new IOException("does not start: " + String.join(" ", command));
            }
            Thread.sleep(5);
        }
        return daemon;
    }

    public Path socket() {
        return socket;
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** The process that serves: virtiofsd serves from a child. */
    public long pid() {
        return process.descendants()
                .reduce((_, last) -> last)
                .map(ProcessHandle::pid)
                .orElse(process.pid());
    }

    /** SIGKILL, and waits for its end. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = process.descendants().toList();
        all.reversed().forEach(ProcessHandle::destroy); // strace, for one, ends with what it traces
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(ProcessHandle::destroyForcibly);
        try (var files = Files.newDirectoryStream(socket.getParent())) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.deleteIfExists(socket.getParent());
    }
}
