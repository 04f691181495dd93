package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * How long this process has been there, its execve included. {@code ProcessHandle.Info.startInstant} is off by up to a
 * second, and by every step of the host's clock: it reckons from the second in which the host was booted.
 */
final class ProcessAge {
    /** Ticks are hundredths of a second on every x86-64 Linux. */
    private static final int MILLIS_PER_TICK = 10;

    /** Of {@code starttime} among the fields after the name (proc_pid_stat(5), field 22). */
    private static final int START_TIME = 22 - 3;

    private ProcessAge() {}

    /** In steps of 10 ms; empty where /proc does not tell. */
    static OptionalLong millis() {
        try {
            String uptime = Files.readString(Path.of("/proc/uptime"));
            return millis(uptime, Files.readString(Path.of("/proc/self/stat")));
        } catch (IOException | NumberFormatException _) {
            return OptionalLong.empty();
        }
    }

    static OptionalLong millis(String uptime, String stat) {
        // the name, in parentheses, may hold blanks and parentheses
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
        return OptionalLong.of(Math.round(seconds * 1000) - Long.parseLong(fields[START_TIME]) * MILLIS_PER_TICK);
    }
}
