package ringfence.process;

import java.nio.file.Path;
import java.util.Optional;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.status.StatusLogger;

/**
 * Writes records through Log4j's API. Loaded late, by the writer thread of {@link Logs}: the first line costs half a
 * second with Log4j's core. An operator's own {@code -Dlog4j2.configurationFile=} wins over ours, which are in
 * META-INF, where a module does not hide them.
 */
final class Log4jSink {
    private static final String CONFIGURATION = "log4j2.configurationFile";

    private final Logger logger;

    private Log4jSink(Logger logger) {
        this.logger = logger;
    }

    /** Loads Log4j, to write to a file or to standard error. */
    static Log4jSink load(Optional<Path> file) {
        set("log4j2.disableJmx", "true");
        set("log4j.shutdownHookEnabled", "false");
        boolean ours = set(CONFIGURATION, resource(file.isPresent() ? "log4j2-file" : "log4j2-stderr"));
        file.ifPresent(path -> set("ringfence.log.file", path.toString()));
        Log4jSink sink = new Log4jSink(LogManager.getLogger("ringfence"));
        if (ours) {
            // a full disk is told from now on; see the comment in our configurations
            StatusLogger.getLogger().getFallbackListener().setLevel(Level.ERROR);
        }
        return sink;
    }

    /** Whether an operator has said where records go. */
    static boolean isConfigured() {
        return System.getProperty(CONFIGURATION) != null;
    }

    private static String resource(String name) {
        return "classpath:META-INF/ringfence/" + name + ".properties";
    }

    /** False if somebody else has set it. */
    private static boolean set(String name, String value) {
        if (System.getProperty(name) != null) {
            return false;
        }
        System.setProperty(name, value);
        return true;
    }

    void write(LogRecord entry) {
        logger.log(level(entry.level()), Logs.line(entry));
    }

    private static Level level(LogLevel level) {
        return switch (level) {
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case INFO -> Level.INFO;
            case DEBUG -> Level.DEBUG;
            case TRACE -> Level.TRACE;
        };
    }
}
