package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A folder of the host's, on tmpfs, that goes away with all that is in it.
 *
 * @param path where it is
 */
record HostFolder(Path path) implements AutoCloseable {
    static HostFolder make() throws IOException {
        return new HostFolder(Files.createTempDirectory(Path.of("/dev/shm"), "ringfence-host"));
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
