package ringfence.it.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/**
 * The disk of a medium, a file that goes away with this object. All contenders serve the same one, in turns: the same
 * pages of memory, the same blocks of the host's disk.
 */
record DiskImage(Path file) implements AutoCloseable {
    /** Makes it, of real blocks: a hole is answered without its page, and a write into one allocates. */
    static DiskImage create(Path folder, int megabytes) throws IOException {
        Path file = folder.resolve("ringfence-bench.img");
        byte[] chunk = new byte[1 << 20];
        new Random(1).nextBytes(chunk);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < megabytes; i++) {
                out.write(chunk);
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        return new DiskImage(file);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
