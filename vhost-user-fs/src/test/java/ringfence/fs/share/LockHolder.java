package ringfence.fs.share;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A process of the host that holds a lock on a file, from its start to its end. */
final class LockHolder implements AutoCloseable {
    private final Process process;

    private LockHolder(List<String> command) throws IOException {
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (!"held".equals(process.inputReader().readLine())) {
            process.destroyForcibly();
            throw new IOException("does not get the lock: " + command);
        }
    }

    /** By flock(2). */
    static LockHolder flock(Path file) throws IOException {
        return new LockHolder(List.of("flock", "-n", file.toString(), "sh", "-c", "echo held; read end"));
    }

    /** Of the first 100 bytes, by fcntl(2), for writing. */
    static LockHolder fcntl(Path file) throws IOException {
        return new LockHolder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                file.toString()));
    }

    /** Whether another process gets a lock on a file by flock(2). */
    static boolean isFree(Path file) throws IOException, InterruptedException {
        return new ProcessBuilder("flock", "-n", file.toString(), "true")
                        .start()
                        .waitFor()
                == 0;
    }

    @Override
    public void close() throws IOException {
        process.outputWriter().close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException(e);
        }
    }

    /** The process. */
    public static void main(String[] arguments) throws IOException {
        try (FileChannel file = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
            System.out.println(file.tryLock(0, 100, false) == null ? "refused" : "held");
            if (System.in.read() < 0) { // our parent lets go, or has ended
                return;
            }
        }
    }
}
