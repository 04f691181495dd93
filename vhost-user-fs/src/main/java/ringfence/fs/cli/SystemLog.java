package ringfence.fs.cli;

import java.util.function.Consumer;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;

/** Lines to the system's log. */
final class SystemLog {
    /** Facility daemon, severity error. */
    private static final String HEAD = "<27>vhost-user-fs[";

    private SystemLog() {}

    /** @throws IllegalArgumentException with one line, if there is none */
    static Consumer<String> open(Linux linux) {
        throw new IllegalArgumentException("--syslog: there is none" + HEAD + linux);
    }

    static boolean isMissing(ErrnoException e) {
        return e != null;
    }
}
