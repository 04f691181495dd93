package ringfence.blk;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What files take of their disk. */
public final class Blocks {
    private Blocks() {}

    /** Bytes of one that are allocated. */
    public static long of(Path file) {
        try {
            Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
            try (BufferedReader line = stat.inputReader()) {
                return 512 * Long.parseLong(line.readLine());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
