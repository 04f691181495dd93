package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ringfence.linux.Linux;

/** A folder, its daemon and a session on it. What is beside the folder may not be reached. */
final class Share implements AutoCloseable {
    /** On tmpfs, or tests would measure a disk. */
    private static final Path PLACE = Path.of("/dev/shm");

    private final Path top;
    final Path folder;
    final FsDaemon daemon;
    final FuseSession fuse;

    private Share(Path top, Path folder, FsDaemon daemon, FuseSession fuse) {
        this.top = top;
        this.folder = folder;
        this.daemon = daemon;
        this.fuse = fuse;
    }

    static Share of(FsProgram program, String... options) throws IOException, InterruptedException {
        return behind(List.of(), program, options);
    }

    /** With a command before the daemon's, such as prlimit(1). */
    static Share behind(List<String> before, FsProgram program, String... options)
            throws IOException, InterruptedException {
        Path top = Files.createTempDirectory(PLACE, "ringfence-share");
        Path folder = Files.createDirectory(top.resolve("root"));
        FsDaemon daemon = FsDaemon.start(before, program, folder, "auto", List.of(options));
        return new Share(top, folder, daemon, FuseSession.open(Linux.system(), daemon.socket()));
    }

    /** Beside the shared folder. */
    Path outside() {
        return top;
    }

    @Override
    public void close() throws IOException {
        fuse.close();
        daemon.close();
        try (Stream<Path> files = Files.walk(top)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
