package ringfence.vmm.supervise;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import ringfence.process.RuntimeFolder;

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
        Path base = RuntimeFolder.ofUnit(root);
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

    /**
     * The folder of a switch, which all VMs of a user find.
     *
     * @param user the effective one
     */
    public static Path ofSwitch(String name, int user) {
        return RuntimeFolder.ofUser(user).resolve("switch").resolve(name);
    }

    /**
     * Makes the lock file that fences this device, for its daemon may make none, and says where it is.
     *
     * @throws UncheckedIOException if it cannot be made
     */
    public Path makeFence(String device) {
        Path file = path.resolve(device + ".fence");
        try {
            if (!Files.exists(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + file, e);
        }
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
