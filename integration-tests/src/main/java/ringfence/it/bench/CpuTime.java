package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Processor time that a process's threads have used, to the nanosecond (/proc/PID/task/TID/schedstat). */
final class CpuTime {
    private final Path tasks;

    CpuTime(long pid) {
        tasks = Path.of("/proc", Long.toString(pid), "task");
    }

    long nanos() {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                sum += ofThread(thread);
            }
        } catch (IOException e) {
            return sum; // the process has ended
        }
        return sum;
    }

    private static long ofThread(Path thread) {
        try {
            String line = Files.readString(thread.resolve("schedstat"));
            return Long.parseLong(line.substring(0, line.indexOf(' ')));
        } catch (IOException e) {
            return 0; // the thread has ended
        }
    }
}
