package ringfence.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import ringfence.linux.FileRight;

/**
 * Where this system has its shared libraries: in the directories of those that this process, which is a Java runtime too,
 * has mapped. No two distributions agree on them.
 */
final class SystemLibraries {
    private static final String CACHE = "/etc/ld.so.cache";

    private SystemLibraries() {}

    /** Reading for those directories, and execution for the loader, which the kernel runs for each program. */
    static List<PathRule> rules() {
        return rules(maps());
    }

    /** The same for a process with these lines in its /proc/PID/maps. */
    static List<PathRule> rules(List<String> maps) {
        Set<Path> readable = new TreeSet<>();
        Set<Path> loaders = new TreeSet<>();
        for (String line : maps) {
            int path = line.indexOf('/');
            if (path < 0 || !line.contains(".so")) {
                continue;
            }
            Path library = Path.of(line.substring(path));
            // of one in /lib64 itself, the directory may be most of the system
            readable.add(library.getNameCount() < 3 ? library : library.getParent());
            if (library.getFileName().toString().startsWith("ld")) {
                loaders.add(library);
            }
        }
        List<PathRule> rules = new ArrayList<>();
        readable.forEach(one -> rules.add(PathRule.of(one.toString(), FileRight.READ_FILE)));
        loaders.forEach(one -> rules.add(PathRule.of(one.toString(), FileRight.EXECUTE)));
        rules.add(PathRule.of(CACHE, FileRight.READ_FILE));
        return rules;
    }

    private static List<String> maps() {
        try {
            return Files.readAllLines(Path.of("/proc/self/maps"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/self/maps", e);
        }
    }
}
