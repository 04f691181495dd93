package ringfence.process;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * One line of a log.
 *
 * @param epochMillis when
 * @param level how much it matters
 * @param thread by whose thread
 * @param source who says it, such as {@code machine} or {@code disk0}
 * @param text what, on one line
 * @param cause what was thrown, or null
 */
public record LogRecord(long epochMillis, LogLevel level, String thread, String source, String text, Throwable cause) {
    /** As it is written, without a line end: {@code 2026-11-25T05:01:36.123Z WARN machine: text}. */
    public String line() {
        return when() + ' ' + level.name().toUpperCase(Locale.ROOT) + ' ' + source + ": " + message();
    }

    /** The time, UTC. */
    String when() {
        return Instant.ofEpochMilli(epochMillis).truncatedTo(ChronoUnit.MILLIS).toString();
    }

    /** Text and cause, on one line. */
    String message() {
        String thrown = cause == null ? "" : ": " + cause;
        return (text + thrown).replace('\n', ' ').replace('\r', ' ');
    }
}
