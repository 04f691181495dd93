package ringfence.process;

import java.nio.file.Path;
import java.util.Optional;

/** A program that logs before and after it opens its log. Arguments: a file or nothing; whether to be quiet. */
public final class LogsAfterOpening {
    private LogsAfterOpening() {}

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        boolean quiet = arguments.length > 1;
        if (arguments.length == 1) {
            Logs.configure(LogLevel.WARN, Optional.of(Path.of(arguments[0])));
        }
        Log.of("early").info("not at this level");
        if (!quiet) {
            Log.of("early").warn("waited");
        }
        Logs.open();
        if (!quiet) {
            System.in.read(); // the test has seen what waited, so Log4j is loaded
            Log.of("late").warn("came");
            System.in.read();
        }
        // the class of log4j-core that reads configurations; found only if something has asked for it
        boolean loaded = System.getProperty("log4j2.configurationFile") != null;
        System.out.println("log4j is loaded: " + loaded);
    }
}
