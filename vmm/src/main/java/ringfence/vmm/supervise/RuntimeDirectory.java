package ringfence.vmm.supervise;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.process.RuntimeFolder;

/**
 * The directory of one VM for what its processes share by name: the lock files of the fences,
 * limits and counters. Under {@code
 * $RUNTIME_DIRECTORY} (systemd), {@code /run/ringfence} (root), {@code $XDG_RUNTIME_DIR/ringfence} or {@code ~/.cache/ringfence/run}; mode 0700; named by
 * the VMM's pid, and removed when the VM ends. What a VMM that was killed has left, its {@link LastWill} removes, or, where that
 * was killed too, the next VMM: it is nobody's if no process has its number and none has it locked, which tells of a process of
 * another PID namespace.
 */
public final class RuntimeDirectory implements AutoCloseable {
    /** What the directory of a VM is called, before the VMM's pid. */
    public static final String PREFIX = "vm-";

    /** The VMM's file of counters in it. */
    public static final String COUNTERS = "counters";

    private static final int MOST_DIGITS = 10;
    private static final int OWNER_ONLY = 0600;
    /** A VMM's turn takes milliseconds. */
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private static final long PAUSE_NANOS = 5_000_000;

    private final Path path;
    private final Fd locked;

    private RuntimeDirectory(Path path, Fd locked) {
        this.path = path;
        this.locked = locked;
    }

    /** Where this process has its own, once it is made. */
    public static Path pathOf(Linux linux) {
        return RuntimeFolder.ofUnit(linux.processes().effectiveUser() == 0)
                .resolve(PREFIX + ProcessHandle.current().pid());
    }

    /**
     * Makes the directory, and removes those of VMMs that were killed.
     *
     * @throws IOException if it cannot be made; the message names it
     */
    public static RuntimeDirectory create(Linux linux) throws IOException {
        return create(linux, pathOf(linux));
    }

    /** The same at this path. */
    static RuntimeDirectory create(Linux linux, Path path) throws IOException {
        Path base = path.getParent();
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        RuntimeFolder.make(base);
        try (Fd _ = turn(linux, base)) { // nobody takes it for a dead one's before it is locked
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                // a VMM with our pid was killed; its daemons died with their sockets
                if (!removeUnlessLocked(linux, path)) {
                    throw new IOException(
                            path + " is a VMM's of another PID namespace: give each a RUNTIME_DIRECTORY of its own");
                }
            }
            Files.createDirectory(path, mode);
            RuntimeDirectory made = new RuntimeDirectory(path, locked(linux, path));
            prune(linux, base);
            return made;
        }
    }

    /** The right to make directories in this folder, and to remove those of others; it ends with the descriptor. */
    private static Fd turn(Linux linux, Path base) throws IOException {
        Path file = base.resolve("lock");
        Fd turn = linux.files().open(file.toString(), OWNER_ONLY, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        try {
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (!linux.files().tryLock(turn, LockType.WRITE, 0, 0)) {
                if (System.nanoTime() > deadline) {
                    throw new IOException(file + " is locked by a VMM that does not go on: end that one");
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return turn;
        } catch (IOException | RuntimeException e) {
            turn.close();
            throw e;
        }
    }

    private static Fd locked(Linux linux, Path directory) {
        Fd fd = open(linux, directory);
        try {
            linux.files().tryLock(fd, LockType.READ, 0, 0);
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Lets other users' daemons reach in it what is theirs, and see what it has.
     *
     * @throws UncheckedIOException if its mode, or its folder's, cannot be changed
     */
    public void letOthersIn() {
        try {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            letOthersThrough(path.getParent());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open " + path + " for other users", e);
        }
    }

    /** Lets other users pass a folder; they do not see what it has. */
    static void letOthersThrough(Path folder) throws IOException {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(folder);
        mode.addAll(Set.of(PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE));
        Files.setPosixFilePermissions(folder, mode);
    }

    private static Fd open(Linux linux, Path directory) {
        return linux.files().open(directory.toString(), OpenFlag.RDONLY, OpenFlag.DIRECTORY, OpenFlag.NOFOLLOW);
    }

    private static void prune(Linux linux, Path base) {
        List<Path> others = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(base, RuntimeDirectory::isOfTheDead)) {
            all.forEach(others::add);
        } catch (IOException | DirectoryIteratorException _) {
            return; // whoever may read it removes them
        }
        for (Path other : others) {
            try {
                removeUnlessLocked(linux, other);
            } catch (IOException | ErrnoException _) {
                // another user's, or another VMM has just removed it
            }
        }
    }

    /** @return false: it is a living one's */
    private static boolean removeUnlessLocked(Linux linux, Path directory) throws IOException {
        try (Fd fd = open(linux, directory)) {
            if (linux.files().wouldConflict(fd, LockType.WRITE, 0, 0)) {
                return false;
            }
            removeFiles(directory);
            Files.delete(directory);
            return true;
        }
    }

    private static boolean isOfTheDead(Path directory) {
        String name = directory.getFileName().toString();
        String number = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : "";
        return !number.isEmpty()
                && number.length() <= MOST_DIGITS
                && number.chars().allMatch(c -> c >= '0' && c <= '9')
                && !Files.exists(Path.of("/proc", number));
    }

    /**
     * The folder of a switch, which all VMs of a user find.
     *
     * @param user the effective one
     */
    public static Path ofSwitch(String name, int user) {
        return RuntimeFolder.ofUser(user).resolve("switch").resolve(name);
    }

    /** Where a switch counts, in its folder. */
    public static Path countersOfSwitch(Path folder) {
        return folder.resolve(COUNTERS);
    }

    /** Where the VMM counts. */
    public Path counters() {
        return path.resolve(COUNTERS);
    }

    /**
     * Makes the file in which this device's daemon counts, empty, for the daemon may make none, and says where it is.
     *
     * @throws UncheckedIOException if it cannot be made
     */
    public Path makeCounters(String device) {
        Path file = path.resolve(countersOf(device));
        try {
            Files.deleteIfExists(file);
            return Files.createFile(
                    file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + file, e);
        }
    }

    /**
     * Says, by a link, that this device's daemon counts in a file that is not the VM's own.
     *
     * @throws UncheckedIOException if it cannot be made
     */
    public Path linkCounters(String device, Path shared) {
        Path link = path.resolve(countersOf(device));
        try {
            Files.deleteIfExists(link);
            return Files.createSymbolicLink(link, shared);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + link, e);
        }
    }

    /** The name of the file in which a device's daemon counts. */
    public static String countersOf(String device) {
        return device.replace("%", "%25").replace("/", "%2F") + ".counters";
    }

    /** Removes what a device has left. */
    public static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException _) {
            // it goes with its directory
        }
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
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
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
        locked.close();
    }
}
