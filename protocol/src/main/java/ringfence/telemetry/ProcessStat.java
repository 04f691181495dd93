package ringfence.telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process, as the kernel describes it to everybody (proc_pid_stat(5)).
 *
 * @param state such as R, S, T for one that was stopped, Z for one that has ended
 * @param ticks when it began, in hundredths of a second since the host's boot: together with its number, that is it and no
 *     other
 */
public record ProcessStat(char state, long ticks) {
    /** Among the fields behind the name; of all it is field 22. */
    private static final int START_TIME = 22 - 3;

    /** The process of a number; empty: there is none, or it is hidden. */
    public static Optional<ProcessStat> of(long pid) {
        try {
            return Optional.of(parse(Files.readString(Path.of("/proc/" + pid + "/stat"))));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /** @param stat the file's line */
    static ProcessStat parse(String stat) {
        // the name, in parentheses, may hold blanks and parentheses
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", START_TIME + 2);
        return new ProcessStat(fields[0].charAt(0), Long.parseLong(fields[START_TIME]));
    }
}
