package ringfence.process;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Stat;

/**
 * A program that logs before and after it opens its log. Arguments: a file or nothing, or {@code journal=} and the socket of
 * a journal, to which its standard error is said to be connected; whether to be quiet.
 */
public final class LogsAfterOpening {
    private static final String JOURNAL = "journal=";

    private LogsAfterOpening() {}

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        boolean quiet = arguments.length > 1;
        if (arguments.length == 1 && arguments[0].startsWith(JOURNAL)) {
            Linux linux = Linux.system();
            Fd errors = Fd.own(linux.kernel(), 2);
            Stat stat = linux.files().stat(errors);
            Map<String, String> environment = Map.of(SystemdJournal.STREAM, stat.device() + ":" + stat.inode());
            String address = arguments[0].substring(JOURNAL.length());
            SystemdJournal.of(linux, environment, errors, address, System.err, "logs")
                    .ifPresent(Logs::toJournal);
        } else if (arguments.length == 1) {
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
