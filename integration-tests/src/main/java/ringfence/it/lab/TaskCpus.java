package ringfence.it.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** On which CPUs of this host threads may run, as /proc tells it: {@code 0-1}, {@code 3}. */
public final class TaskCpus {
    private static final String KEY = "Cpus_allowed_list:";

    private TaskCpus() {}

    /** Those of this process. */
    public static String here() throws IOException {
        return in(Path.of("/proc/self/status"));
    }

    /** The first of those. */
    public static String first() throws IOException {
        return here().split("[-,]", -1)[0];
    }

    /** Those of a process's thread of that name. */
    public static String of(long process, String thread) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process + "/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(thread)) {
                    return in(task.resolve("status"));
                }
            }
        }
        throw new IOException("process " + process + " has no thread " + thread);
    }

    private static String in(Path status) throws IOException {
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith(KEY))
                .map(line -> line.substring(KEY.length()).strip())
                .findFirst()
                .orElseThrow();
    }
}
