package ringfence.process;

import java.util.function.Supplier;

/**
 * Says what happens, for one source. Any thread; it neither blocks nor fails: where the buffer is full, the record is
 * dropped and counted. Not for the data path.
 */
public final class Log {
    private final String source;

    private Log(String source) {
        this.source = source;
    }

    /** The log of a part of the program, such as {@code machine}. */
    public static Log of(String source) {
        return new Log(source);
    }

    /** Something failed. */
    public void error(String text) {
        log(LogLevel.ERROR, text, null);
    }

    /** Something failed, because of this. */
    public void error(String text, Throwable cause) {
        log(LogLevel.ERROR, text, cause);
    }

    /** Something is wrong but it goes on. */
    public void warn(String text) {
        log(LogLevel.WARN, text, null);
    }

    /** Something happened that an operator wants to know. */
    public void info(String text) {
        log(LogLevel.INFO, text, null);
    }

    /** How it came about; the text is made only if it is written. */
    public void debug(Supplier<String> text) {
        if (isOn(LogLevel.DEBUG)) {
            log(LogLevel.DEBUG, text.get(), null);
        }
    }

    /** Every step; the text is made only if it is written. */
    public void trace(Supplier<String> text) {
        if (isOn(LogLevel.TRACE)) {
            log(LogLevel.TRACE, text.get(), null);
        }
    }

    /** Whether records of this level are written. */
    public boolean isOn(LogLevel level) {
        return Logs.limit().admits(level);
    }

    private void log(LogLevel level, String text, Throwable cause) {
        if (isOn(level)) {
            Logs.offer(new LogRecord(
                    System.currentTimeMillis(), level, Thread.currentThread().getName(), source, text, cause));
        }
    }
}
