package ringfence.fs.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** The options that say whose locks are: plain ones, and the C virtiofsd's of {@code -o}, of which the last one counts. */
final class LockFlags {
    private static final String KNOWN = "posix_lock, no_posix_lock, flock and no_flock";

    @Option(
            names = "--posix-lock",
            description =
                    "Locks of fcntl are the host's: seen by it, and by others that share the folder. Otherwise they"
                            + " hold within the guest.")
    private boolean posixLock;

    @Option(names = "--flock", description = "The same for locks of flock.")
    private boolean flock;

    @Option(
            names = "-o",
            paramLabel = "OPTION",
            split = ",",
            description = "The C virtiofsd's words for these two: " + KNOWN + ".")
    private List<String> words = List.of();

    /** @throws IllegalArgumentException with one line for the user */
    void check() {
        for (String word : words) {
            switch (word) {
                case "posix_lock", "no_posix_lock", "flock", "no_flock" -> {}
                default ->
                    throw new IllegalArgumentException(
                            "-o " + word + " is not known, give " + KNOWN + ", or the plain option (see --help)");
            }
        }
    }

    boolean posixLock() {
        return last("posix_lock", posixLock);
    }

    boolean flock() {
        return last("flock", flock);
    }

    private boolean last(String word, boolean otherwise) {
        int on = words.lastIndexOf(word);
        int off = words.lastIndexOf("no_" + word);
        return on == off ? otherwise : on > off;
    }
}
