package ringfence.vmm.supervise;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ringfence.linux.Child;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;
import ringfence.process.BadInputException;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.vhostuser.link.SocketLock;
import ringfence.vmm.device.remote.SocketSource;

/**
 * A daemon that serves several VMs at one socket, as a source of connections to it: whoever finds nobody there starts it.
 * It belongs to none of them, and lives on when they end, until it has been unused for a while. See the package.
 *
 * <p>{@link #connect} is called by the link thread of the device; {@link #close} by the machine's owner after that.
 */
public final class SharedDaemon implements SocketSource, AutoCloseable {
    /** Exit statuses after which another start would not help: bad input, and the shell's for what it cannot run. */
    private static final Set<Integer> REFUSED = Set.of(2, 126, 127);

    private static final int LOCK = 3;
    /** Of a log that is begun anew when a daemon starts. */
    private static final int LONG_LOG = 1 << 20;

    private static final int OWNER_ONLY = 0600;
    private static final long BETWEEN_STARTS = TimeUnit.MILLISECONDS.toNanos(500);
    /** The daemon outlives our folder, and must not keep a file system busy. */
    private static final List<String> IN_ROOT = List.of("/bin/sh", "-c", "cd / && exec \"$0\" \"$@\"");

    private final Linux linux;
    private final Path folder;
    private final String socket;
    private final Path program;
    private final List<String> arguments;
    private final Box box;
    private final Optional<DaemonUsers> users;
    private final String name;
    private final Consumer<String> refused;
    private Child child; // null: we have started none, or know of its end
    private long startedAt = System.nanoTime() - BETWEEN_STARTS;
    private boolean connected;

    /**
     * A daemon at a folder's socket, which is {@code socket} there.
     *
     * @param folder it is made where it is missing, for our user only
     * @param program its launcher
     * @param arguments its options, without those for socket and lock
     * @param box what it is confined to
     * @param users of whom it gets one for itself, as long as it lives; empty: it is ours
     * @param name by which the daemon tells our connections from others, as {@code Sockets.connect} takes it
     * @param refused told, in one line, that there has been none and that one cannot be started at all
     */
    public SharedDaemon(
            Linux linux,
            Path folder,
            Path program,
            List<String> arguments,
            Box box,
            Optional<DaemonUsers> users,
            String name,
            Consumer<String> refused) {
        this.linux = linux;
        this.folder = folder.toAbsolutePath();
        this.program = program.toAbsolutePath();
        this.arguments = List.copyOf(arguments);
        this.box = box;
        this.users = users;
        this.name = name;
        this.refused = refused;
        socket = this.folder.resolve("socket").toString();
    }

    /** Makes the folder. @throws UncheckedIOException whose message names what cannot be made, and why */
    public void prepare() {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if (users.isPresent()) {
                RuntimeDirectory.letOthersThrough(folder.getParent());
                RuntimeDirectory.letOthersThrough(folder.getParent().getParent());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + folder + ": " + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "not permitted";
            case FileSystemException failure when failure.getReason() != null -> failure.getReason();
            default -> e.toString();
        };
    }

    /**
     * Connects; where nobody listens and nobody is about to, starts a daemon, which will.
     *
     * @throws ErrnoException ENOENT, ECONNREFUSED or EAGAIN: nobody is there yet
     * @throws IllegalStateException if a daemon cannot be started, or the last one has refused
     */
    @Override
    public synchronized Fd connect() {
        try {
            Fd connection = linux.sockets().connect(socket, name);
            connected = true;
            return connection;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) {
                startIfNobodyDoes();
            }
            throw e;
        }
    }

    /** Who holds the lock knows that no daemon lives there, for each holds it as long as it lives. */
    private void startIfNobodyDoes() {
        noteEnd();
        if (child != null || System.nanoTime() - startedAt < BETWEEN_STARTS) {
            return;
        }
        prepare();
        Optional<SocketLock> lock = SocketLock.tryTake(linux, socket);
        if (lock.isEmpty()) {
            return;
        }
        try (SocketLock held = lock.get()) {
            start(held);
        }
    }

    private void noteEnd() {
        OptionalInt status = child == null ? OptionalInt.empty() : child.exitStatus();
        if (status.isEmpty()) {
            return;
        }
        child.close();
        child = null;
        if (REFUSED.contains(status.getAsInt())) {
            String line = program.getFileName() + " refuses to serve " + folder + ": its log there says why";
            if (!connected) {
                refused.accept(line);
            }
            throw new IllegalStateException(line);
        }
    }

    private void start(SocketLock lock) {
        startedAt = System.nanoTime();
        List<String> words = new ArrayList<>(IN_ROOT);
        words.add(program.toString());
        words.addAll(List.of("--socket-path=" + socket, "--lock-fd=" + LOCK));
        words.addAll(arguments);
        try (Fd log = log()) {
            Spawn spawn = new Spawn(words, Map.of(), Map.of(1, log, 2, log, LOCK, lock.file()), true);
            child = users.isPresent() ? ofOwnUser(spawn, users.get()) : ours(spawn);
        } catch (BadInputException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } catch (ErrnoException e) { // not an ENOENT that would only mean that nobody listens yet
            throw new IllegalStateException("cannot start " + program + ": " + e.getMessage(), e);
        }
    }

    /** Its number is taken as long as it lives, whatever becomes of us. */
    private Child ofOwnUser(Spawn spawn, DaemonUsers all) {
        try (DaemonUsers.Taken user = all.take()) {
            owned().forEach(path -> all.give(path, user));
            return BoxedProcess.spawn(linux, spawn, box.as(user.number()));
        }
    }

    private Child ours(Spawn spawn) {
        for (Path path : owned()) {
            try (Fd opened = linux.files().open(path.toString(), OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
                linux.attributes()
                        .tryOwner(
                                opened,
                                linux.processes().effectiveUser(),
                                linux.processes().effectiveGroup());
            }
        }
        return BoxedProcess.spawn(linux, spawn, box);
    }

    /**
     * The folder, and the file to count in, which the daemon may write to and not make. They may be those of one who has died,
     * with a user of its own.
     */
    private List<Path> owned() {
        Path counters = RuntimeDirectory.countersOfSwitch(folder);
        try {
            Files.createFile(
                    counters, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException _) {
            // a predecessor's: it is gone on with
        } catch (IOException e) {
            throw new IllegalStateException("cannot make " + counters + ": " + reason(e), e);
        }
        return List.of(folder, counters);
    }

    private Fd log() {
        String name = folder.resolve("log").toString();
        Fd log = linux.files()
                .open(name, OWNER_ONLY, OpenFlag.WRONLY, OpenFlag.CREAT, OpenFlag.APPEND, OpenFlag.NOFOLLOW);
        if (linux.files().stat(log).size() > LONG_LOG) {
            linux.files().truncate(log, 0);
        }
        return log;
    }

    /** Lets go of it; it lives on. */
    @Override
    public synchronized void close() {
        if (child != null) {
            child.exitStatus(); // if it has ended, it is no zombie of ours from now on
            child.close();
            child = null;
        }
    }
}
