package ringfence.vmm.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import ringfence.option.FlagSyntax;
import ringfence.process.BadInputException;

/** The host's default size of a huge page, see proc_meminfo(5). */
final class HugePage {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final String NAME = "Hugepagesize:";
    private static final String KIB = "kB";

    private HugePage() {}

    /**
     * Its bytes.
     *
     * @param memory bytes that are to be of such pages
     * @throws BadInputException if that is no multiple of it, or the host has none; one line
     */
    static long ofHost(long memory) {
        try {
            return of(Files.readAllLines(MEMINFO), memory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + MEMINFO + ": " + e.getMessage(), e);
        }
    }

    static long of(List<String> meminfo, long memory) {
        for (String line : meminfo) {
            if (line.startsWith(NAME) && line.endsWith(KIB)) {
                long page = Long.parseLong(line.substring(NAME.length(), line.length() - KIB.length())
                                .strip())
                        << 10;
                if (memory % page != 0) {
                    throw new BadInputException("--memory size: " + FlagSyntax.size(memory)
                            + " is no multiple of this host's huge pages of " + FlagSyntax.size(page)
                            + ": give one, or a hugepage_size");
                }
                return page;
            }
        }
        throw new BadInputException("--memory hugepages: this host's kernel has none: leave it out");
    }
}
