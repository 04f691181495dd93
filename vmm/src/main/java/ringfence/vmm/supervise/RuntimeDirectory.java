package ringfence.vmm.supervise;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The directory of one VM for what its processes share by name: the lock files of the fences,
 * and limits. Under {@code
 * $RUNTIME_DIRECTORY} (systemd), {@code /run/ringfence} (root), {@code $XDG_RUNTIME_DIR/ringfence} or {@code ~/.cache/ringfence/run}; mode 0700; named by
 * the VMM's pid, and removed when the VM ends.
 */
public final class RuntimeDirectory implements AutoCloseable {
    private final Path path;

    private RuntimeDirectory(Path path) {
        this.path = path;
    }

    /**
     * Makes the directory.
     *
     * @param root whether the process is root
     * @throws IOException if it cannot be made; the message names it
     */
    public static RuntimeDirectory create(boolean root) throws IOException {
        Path base = base(root, System.getenv("RUNTIME_DIRECTORY"), System.getenv("XDG_RUNTIME_DIR"));
        Path path = base.resolve("vm-" + ProcessHandle.current().pid());
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createDirectories(base, mode);
        try {
            return new RuntimeDirectory(Files.createDirectory(path, mode));
        } catch (java.nio.file.FileAlreadyExistsException _) {
            // a VMM with our pid was killed; its daemons died with their sockets
            removeFiles(path);
            return new RuntimeDirectory(path);
        }
    }

    static Path base(boolean root, String systemd, String session) {
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
     * The folder of a switch, which all VMs of a user find, whoever has started them: below {@code /run/ringfence} for root,
     * else {@code $XDG_RUNTIME_DIR/ringfence}, {@code /run/user/UID/ringfence} where that variable is missing, as in a unit of
     * the system, or {@code ~/.cache/ringfence/run}. A unit's own {@code $RUNTIME_DIRECTORY} does not count.
     *
     * @param user the effective one
     */
    public static Path ofSwitch(String name, int user) {
        return common(user, System.getenv("XDG_RUNTIME_DIR"), Path.of("/run/user"))
                .resolve("switch")
                .resolve(name);
    }

    static Path common(int user, String session, Path sessions) {
        Path own = sessions.resolve(Integer.toUnsignedString(user));
        boolean unsaid = session == null || session.isEmpty();
        return base(user == 0, null, unsaid && Files.isDirectory(own) ? own.toString() : session);
    }

    /** The lock file that fences this device. */
    public Path fence(String device) {
        return path.resolve(device + ".fence");
    }

    /** The socket of a store of descriptors, the one of this number; short, whatever the device is called. */
    public Path store(int number) {
        return path.resolve("store-" + number);
    }

    /**
     * Writes a file of limits, at once, and says where it is.
     *
     * @throws UncheckedIOException if it cannot be written
     */
    public Path limits(String device, String lines) {
        Path file = path.resolve(device + ".limits");
        try {
            Path fresh = Files.writeString(path.resolve(device + ".limits.new"), lines);
            return Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private static void removeFiles(Path path) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() {
        try {
            removeFiles(path);
            Files.delete(path);
        } catch (IOException _) {
            // whoever put something else there keeps it; the name is not used again while it lives
        }
    }
}
