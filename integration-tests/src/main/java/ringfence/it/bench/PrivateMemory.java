package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Memory that a process has for itself: Private_Clean and Private_Dirty of its mappings (proc_pid_smaps(5)), without
 * those that are the guest's: its memory, which holds the rings, and the inflight regions.
 */
final class PrivateMemory {
    private static final Set<String> OF_THE_GUEST = Set.of("/memfd:guest-ram", "/memfd:vhost-inflight");

    private PrivateMemory() {}

    /** Whether a mapping of this name counts. */
    static boolean counts(String mapping) {
        return !OF_THE_GUEST.contains(mapping);
    }

    /** KiB of a process now. */
    static long kib(long pid) throws IOException {
        long sum = 0;
        String mapping = "";
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps"))) {
            String[] words = line.split(" +", -1);
            if (words[0].startsWith("Private_") && !words[0].startsWith("Private_H")) {
                sum += counts(mapping) ? Long.parseLong(words[1]) : 0;
            } else if (!words[0].endsWith(":")) {
                mapping = words.length > 5 ? words[5] : "";
            }
        }
        return sum;
    }
}
