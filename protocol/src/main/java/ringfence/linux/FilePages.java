package ringfence.linux;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Pages of files that this process has mapped and only reads, such as those of the JVM and its AOT cache. They stay mapped
 * once they were touched, with their neighbours, though most serve the start alone.
 */
public final class FilePages {
    private static final int MADV_DONTNEED = 4;
    private static final int MOST = 16;

    private final Kernel kernel;

    FilePages(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Mappings of files. They must stay as long as this is used. */
    public final class Ranges {
        private final long[] bounds;
        private final int count;

        private Ranges(long[] bounds, int count) {
            this.bounds = bounds;
            this.count = count;
        }

        /**
         * Unmaps their present pages, which stay in the page cache; the next access maps those again that it needs.
         *
         * @return bytes of the mappings
         */
        public long forget() {
            long forgotten = 0;
            for (int i = 0; i < count; i++) {
                long length = bounds[2 * i + 1] - bounds[2 * i];
                kernel.call(Syscall.MADVISE, bounds[2 * i], length, MADV_DONTNEED, 0, 0, 0);
                forgotten += length;
            }
            return forgotten;
        }
    }

    /** This process's mappings, to be read later: it may open no file then. @throws IOException if /proc cannot be read */
    public static BufferedReader mappings() throws IOException {
        return Files.newBufferedReader(Path.of("/proc/self/smaps"));
    }

    /**
     * Every mapping of a file with one of these endings that cannot be written, and in which nothing was written by this
     * process.
     *
     * @param mappings as of now; they are closed
     * @throws IOException if /proc cannot be read
     */
    public Ranges find(BufferedReader mappings, List<String> endings) throws IOException {
        try (mappings) {
            return find(mappings.lines().toList(), endings);
        }
    }

    private Ranges find(List<String> lines, List<String> endings) {
        long[] ranges = new long[2 * MOST];
        int count = 0;
        boolean wanted = false;
        for (String line : lines) {
            String[] words = line.split(" +", -1);
            if (!words[0].endsWith(":")) {
                wanted = words.length > 5
                        && words[1].startsWith("r-")
                        && endings.stream().anyMatch(line::endsWith);
                if (wanted && count < MOST) {
                    int dash = words[0].indexOf('-');
                    ranges[2 * count] = Long.parseUnsignedLong(words[0].substring(0, dash), 16);
                    ranges[2 * count + 1] = Long.parseUnsignedLong(words[0].substring(dash + 1), 16);
                }
            } else if (wanted && count < MOST && words[0].equals("Anonymous:") && words[1].equals("0")) {
                count++; // pages of our own would be lost; there are none, and without write permission none can come
            }
        }
        return new Ranges(ranges, count);
    }
}
