package ringfence.it.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The contenders' folders: the same in each, and none better off by its place in memory. Who is first to ask a kernel that has run
 * for some hours for memory gets its leftovers, page by page from all over the machine, and who comes later gets whole rows,
 * for which caches and tables of addresses do better: 4 to 12 % of a request of 1 MiB. So the leftovers are used up first, and the
 * file that is read and written is one file, which all folders have. Owns them.
 */
final class FsFolders implements AutoCloseable {
    /** Of the files that are looked up. */
    static final int FILES = 1000;
    /** Of the files that are listed. */
    static final int NAMES = 100;
    /** Bytes of the file that is read and written. */
    static final int FILE = 64 << 20;

    private static final int LEFTOVERS = 16 * FILE;

    private final Path above;
    private int made;

    private FsFolders(Path above) {
        this.above = above;
    }

    /** None yet. @param where a file system with hard links */
    static FsFolders in(Path where) throws IOException {
        FsFolders folders = new FsFolders(Files.createTempDirectory(where, "ringfence-bench"));
        try {
            folders.write("leftovers", LEFTOVERS);
            folders.write("data", FILE);
        } catch (IOException e) {
            folders.close();
            throw e;
        }
        return folders;
    }

    private void write(String name, int bytes) throws IOException {
        byte[] zeros = new byte[1 << 20];
        try (OutputStream to = Files.newOutputStream(above.resolve(name))) {
            for (int done = 0; done < bytes; done += zeros.length) {
                to.write(zeros);
            }
        }
    }

    /** One more contender's. */
    Path next() throws IOException {
        Path folder = Files.createDirectory(above.resolve("folder-" + made++));
        Files.createDirectory(folder.resolve("many"));
        Files.createDirectory(folder.resolve("listed"));
        Files.createDirectory(folder.resolve("scratch"));
        for (int i = 0; i < FILES; i++) {
            Files.createFile(folder.resolve("many/file-" + i));
        }
        for (int i = 0; i < NAMES; i++) {
            Files.createFile(folder.resolve("listed/file-" + i));
        }
        return Files.createLink(folder.resolve("data"), above.resolve("data")).getParent();
    }

    @Override
    public void close() throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(above)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.delete(path);
        }
    }
}
