package ringfence.process;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where programs of one user leave for each other what does not outlive the host's boot. */
public final class RuntimeFolder {
    private RuntimeFolder() {}

    /**
     * For one program's own: {@code $RUNTIME_DIRECTORY} of its unit (systemd), {@code /run/ringfence} (root), {@code
     * $XDG_RUNTIME_DIR/ringfence} or {@code ~/.cache/ringfence/run}.
     *
     * @param root whether the process is root
     */
    public static Path ofUnit(boolean root) {
        return ofUnit(root, System.getenv("RUNTIME_DIRECTORY"), System.getenv("XDG_RUNTIME_DIR"));
    }

    static Path ofUnit(boolean root, String systemd, String session) {
        if (systemd != null && !systemd.isEmpty()) {
            return Path.of(systemd.split(":", 2)[0]);
        }
        if (root) {
            return Path.of("/run/ringfence");
        }
        return session != null && !session.isEmpty()
                ? Path.of(session, "ringfence")
                : Path.of(System.getProperty("user.home"), ".cache", "ringfence", "run");
    }

    /**
     * For what all programs of a user find, whoever has started them: {@code /run/ringfence} for root, else {@code
     * $XDG_RUNTIME_DIR/ringfence}, {@code /run/user/UID/ringfence} where that variable is missing, as in a unit of the system,
     * or {@code ~/.cache/ringfence/run}. A unit's own {@code $RUNTIME_DIRECTORY} does not count.
     *
     * @param user the effective one
     */
    public static Path ofUser(int user) {
        return ofUser(user, System.getenv("XDG_RUNTIME_DIR"), Path.of("/run/user"));
    }

    static Path ofUser(int user, String session, Path sessions) {
        Path own = sessions.resolve(Integer.toUnsignedString(user));
        boolean unsaid = session == null || session.isEmpty();
        return ofUnit(user == 0, null, unsaid && Files.isDirectory(own) ? own.toString() : session);
    }

    /**
     * Makes such a folder and those above it, for its user alone, if it is not there.
     *
     * @throws IOException if it cannot be made; the message names it, says why, and what to do
     */
    public static void make(Path folder) throws IOException {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileSystemException e) {
            throw new IOException(
                    e.getFile() + ": " + why(e)
                            + ": set XDG_RUNTIME_DIR, or, as root, RUNTIME_DIRECTORY, to a directory to which this"
                            + " user may write",
                    e);
        }
    }

    private static String why(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e.getReason() == null ? "it is there, and no directory" : e.getReason();
    }
}
