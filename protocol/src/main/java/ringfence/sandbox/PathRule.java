package ringfence.sandbox;

import java.util.Set;
import ringfence.linux.FileRight;

/**
 * What may be done with a file, or with a directory and all below it.
 *
 * @param path where it is; a symbolic link means what it leads to
 * @param rights what is allowed
 */
public record PathRule(String path, Set<FileRight> rights) {
    private static final Set<FileRight> READING =
            Set.of(FileRight.READ_FILE, FileRight.READ_DIR, FileRight.EXECUTE, FileRight.IOCTL_DEV);

    /** Copies the set. */
    public PathRule {
        rights = Set.copyOf(rights);
    }

    /** Whether something may be changed there. */
    boolean isWriting() {
        return rights.stream().anyMatch(right -> !READING.contains(right));
    }

    /** A rule. */
    public static PathRule of(String path, FileRight... rights) {
        return new PathRule(path, Set.of(rights));
    }
}
