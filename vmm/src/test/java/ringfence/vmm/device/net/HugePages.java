package ringfence.vmm.device.net;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Huge pages of 2 MiB that this machine makes for a test, as root, and gets back. */
final class HugePages implements AutoCloseable {
    private static final Path ALL = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
    private static final Path COUNT = ALL.resolve("nr_hugepages");

    private final long added;

    private HugePages(long added) {
        this.added = added;
    }

    /** Sees to it that so many are free. The test is left out where they cannot be had. */
    static HugePages free(int pages) throws IOException {
        if (!Files.exists(COUNT)) {
            return abort("no huge pages: this kernel has none of 2 MiB");
        }
        if (!Files.isWritable(COUNT)) {
            return abort("no huge pages: " + COUNT + " may not be written");
        }
        long before = read(COUNT);
        long lacking = Math.max(0, pages - read(ALL.resolve("free_hugepages")));
        HugePages more;
        try {
            write(before + lacking);
            more = new HugePages(Math.max(0, read(COUNT) - before));
        } catch (IOException e) {
            return abort("no huge pages: " + e.getMessage());
        }
        if (more.added < lacking) {
            more.close();
            return abort("no huge pages: " + more.added + " of " + lacking + " more, memory is short or in pieces");
        }
        return more;
    }

    private static long read(Path count) throws IOException {
        return Long.parseLong(Files.readString(count).strip());
    }

    private static void write(long count) throws IOException {
        Files.writeString(COUNT, Long.toString(count));
    }

    @Override
    public void close() throws IOException {
        if (added > 0) {
            write(Math.max(0, read(COUNT) - added));
        }
    }
}
