package ringfence.vmm.supervise;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;
import ringfence.process.LockHolders;
import ringfence.sandbox.BoxedProcess;
import ringfence.vmm.device.remote.SocketSource;

/**
 * A device daemon as a source of connected sockets: each socket is a new process, and there is never more than one.
 *
 * <p>{@link #connect} is called by the link thread of the device, {@link #close} by the machine's owner after that
 * thread has closed its socket.
 */
public final class SupervisedDaemon implements SocketSource, AutoCloseable {
    /** Exit status of a daemon that refuses its options or its image: to start it again would not help. */
    private static final int BAD_INPUT = 2;

    /** What a process that has closed its socket gets to finish its exit, so that its status is seen. */
    private static final long EXIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final int SIGKILL = 9;
    private static final long RETIRE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long DEATH_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Linux linux;
    private final DaemonCommand command;
    private final Optional<DescriptorStore> store;
    private final Consumer<String> refused;
    private Child child;
    private Child companion;
    private int starts;

    /**
     * A daemon that is not started yet.
     *
     * @param store what it leaves to its successor; empty: nothing. It stays the caller's, and such a daemon gets no other
     *     descriptors and no companion
     * @param refused told, in one line, that the daemon has ended because it cannot do its work at all
     */
    public SupervisedDaemon(
            Linux linux, DaemonCommand command, Optional<DescriptorStore> store, Consumer<String> refused) {
        this.linux = linux;
        this.command = command;
        if (store.isPresent()
                && !(command.fds().isEmpty() && command.companion().isEmpty())) {
            throw new IllegalArgumentException("a daemon with a store gets nothing else");
        }
        this.store = store;
        this.refused = refused;
    }

    /**
     * Kills the process before, if it lives, waits until it is dead, starts a new one and answers with our end of its
     * socket, which the caller owns.
     *
     * @throws IllegalStateException if the process before has ended because it cannot do its work at all, or if the
     *     program cannot be started
     */
    @Override
    public synchronized Fd connect() {
        if (retire(EXIT_NANOS) == BAD_INPUT) {
            String line = command.program().getFileName() + " refuses to serve it: its own line says why" + holders();
            refused.accept(line);
            throw new IllegalStateException(line);
        }
        return start();
    }

    /** Who has the image locked: a daemon may not look into processes that have more privileges than it has. */
    private String holders() {
        if (command.image().isEmpty()) {
            return "";
        }
        try (Fd image = linux.files().open(command.image().get(), OpenFlag.PATH)) {
            List<LockHolders.Holder> holders =
                    new LockHolders().of(linux.files().stat(image));
            return holders.isEmpty() ? "" : "; the image is locked " + LockHolders.describe(holders);
        } catch (ErrnoException _) {
            return "";
        }
    }

    private Fd start() {
        Fd[] pair = linux.sockets().pair();
        try (Fd theirs = pair[1];
                Fd input = linux.files().open("/dev/null", OpenFlag.RDWR)) {
            // its stdout goes to our stderr: our stdout is the guest's console
            Fd errors = Fd.own(linux.kernel(), 2);
            Map<Integer, Fd> standard = Map.of(0, input, 1, errors, 2, errors);
            if (store.isPresent()) {
                startHeir(store.get(), standard, theirs);
            } else {
                start(standard, theirs);
            }
            starts++;
            return pair[0];
        } catch (RuntimeException e) {
            pair[0].close();
            throw e;
        }
    }

    private void startHeir(DescriptorStore from, Map<Integer, Fd> standard, Fd socket) {
        child = from.start(left -> spawned(Inheritance.of(command, standard, socket, left, from.address())));
    }

    private void start(Map<Integer, Fd> standard, Fd socket) {
        Spawn spawn = new Spawn(command.argumentList(DaemonCommand.SOCKET), Map.of(), standard, true)
                .fd(DaemonCommand.SOCKET, socket);
        for (int i = 0; i < command.fds().size(); i++) {
            spawn = spawn.fd(DaemonCommand.FIRST_FD + i, command.fds().get(i));
        }
        if (command.companion().isPresent()) {
            startBoth(spawn, command.companion().get(), standard);
        } else {
            child = spawned(spawn);
        }
    }

    /** The socket between the two is theirs alone: the end of either is the other's. */
    private void startBoth(Spawn spawn, Companion with, Map<Integer, Fd> standard) {
        Fd[] pair = linux.sockets().pair();
        try (Fd one = pair[0];
                Fd other = pair[1]) {
            try {
                companion = linux.processes()
                        .spawn(new Spawn(with.argumentList(), Map.of(), standard, true).fd(Companion.SOCKET, other));
            } catch (ErrnoException e) {
                throw new IllegalStateException("cannot start " + with.program() + ": " + e.getMessage(), e);
            }
            child = spawned(spawn.fd(DaemonCommand.FIRST_FD + command.fds().size(), one));
        }
    }

    /** A program that is missing is not a socket at which nobody listens yet, though both are ENOENT. */
    private Child spawned(Spawn spawn) {
        try {
            return BoxedProcess.spawn(linux, spawn, command.box());
        } catch (ErrnoException e) {
            throw new IllegalStateException("cannot start " + command.program() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized OptionalInt pid() {
        return child == null ? OptionalInt.empty() : OptionalInt.of(child.pid());
    }

    /** How often it has been started. */
    public synchronized int starts() {
        return starts;
    }

    /** Its exit status, once it is dead; 0 if there was none. */
    private int retire(long patience) {
        int status = retireDaemon(patience);
        if (companion != null) { // its socket is closed by now
            if (companion.await(RETIRE_NANOS).isEmpty()) {
                companion.kill(SIGKILL);
                companion.await(DEATH_NANOS);
            }
            companion.close();
            companion = null;
        }
        return status;
    }

    private int retireDaemon(long patience) {
        if (child == null) {
            return 0;
        }
        OptionalInt status = child.await(patience);
        if (status.isEmpty()) {
            child.kill(SIGKILL);
            status = child.await(DEATH_NANOS);
        }
        if (status.isEmpty()) {
            throw new IllegalStateException(command.program().getFileName() + " of " + command.device() + " (pid "
                    + child.pid() + ") does not die: it hangs in the kernel, look at /proc/" + child.pid() + "/stack");
        }
        child.close();
        child = null;
        return status.getAsInt();
    }

    /** Lets it end by itself for 2 s, for its socket is closed, then kills it. */
    @Override
    public synchronized void close() {
        retire(RETIRE_NANOS);
    }
}
