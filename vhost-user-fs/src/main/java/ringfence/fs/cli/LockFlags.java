package ringfence.fs.cli;

import ringfence.process.Options;

/** The options that say whose locks are: plain ones, and the C virtiofsd's of {@code -o}, of which the last one counts. */
final class LockFlags {
    private static final String KNOWN = "posix_lock, no_posix_lock, flock and no_flock";

    private final Options.Flag posixLock;
    private final Options.Flag flock;
    private final Options.Several<String> words;

    LockFlags(Options options) {
        posixLock = options.flag(
                "--posix-lock",
                "Locks of fcntl are the host's: seen by it, and by others that share the folder. Otherwise they"
                        + " hold within the guest.");
        flock = options.flag("--flock", "The same for locks of flock.");
        words = options.words("-o", "OPTION", "The C virtiofsd's words for these two: " + KNOWN + ".");
    }

    /** @throws IllegalArgumentException with one line for the user */
    void check() {
        for (String word : words.values()) {
            switch (word) {
                case "posix_lock", "no_posix_lock", "flock", "no_flock" -> {}
                default ->
                    throw new IllegalArgumentException(
                            "-o " + word + " is not known, give " + KNOWN + ", or the plain option (see --help)");
            }
        }
    }

    boolean posixLock() {
        return last("posix_lock", posixLock.isGiven());
    }

    boolean flock() {
        return last("flock", flock.isGiven());
    }

    private boolean last(String word, boolean otherwise) {
        int on = words.values().lastIndexOf(word);
        int off = words.values().lastIndexOf("no_" + word);
        return on == off ? otherwise : on > off;
    }
}
