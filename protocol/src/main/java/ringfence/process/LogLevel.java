package ringfence.process;

import java.util.Locale;

/** How much a record matters; the order is from most to least. */
public enum LogLevel {
    /** Something failed. */
    ERROR,
    /** Something is wrong but it goes on. */
    WARN,
    /** Something happened that an operator wants to know. */
    INFO,
    /** How it came about. */
    DEBUG,
    /** Every step. */
    TRACE;

    /** The level of so many -v: none is WARN, one INFO, two DEBUG, three and more TRACE. */
    public static LogLevel ofVerbosity(int count) {
        return values()[Math.min(WARN.ordinal() + Math.max(count, 0), TRACE.ordinal())];
    }

    /** Whether a record of that level is written where this one is the limit. */
    public boolean admits(LogLevel level) {
        return level.ordinal() <= ordinal();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
