package ringfence.vmm.supervise;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import ringfence.keep.Standby;
import ringfence.keep.Successor;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;
import ringfence.process.SystemdJournal;
import ringfence.sandbox.BoxedProcess;
import ringfence.vhostuser.link.Heartbeat;
import ringfence.vmm.device.remote.BackendProcess;

/**
 * One process of a daemon, from its start to its death, with all that was made for it: our end of its connection, its
 * heartbeat, its companion, and, if it is a standby, the socket over which it is set to work. Its supervisor's, under whose
 * lock all is called but {@link #kill}.
 */
final class DaemonProcess implements BackendProcess, AutoCloseable {
    /** What a daemon inherits that has no predecessor, or hears of it later. */
    static final SequencedMap<String, Fd> NOTHING = Collections.unmodifiableSequencedMap(new LinkedHashMap<>());

    private static final int SIGKILL = 9;
    private static final long RETIRE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long DEATH_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Linux linux;
    private final DaemonCommand command;
    private final Heartbeat heartbeat;
    private Fd socket; // our end; null: taken
    private Successor orders; // null: it is no standby, or not any more
    private Fd companionEnd; // of what is between the two; null: there is none, or the companion has it
    private Child companion;
    private Child child; // closed and killed under the lock of this, which nobody holds for long

    private DaemonProcess(Linux linux, DaemonCommand command) {
        this.linux = linux;
        this.command = command;
        heartbeat = Heartbeat.create(linux);
    }

    /**
     * Starts one.
     *
     * @param left what its predecessor has left, by name
     * @param store where it leaves things itself; empty: nowhere
     * @param waits whether it is a standby: {@link #begin} sets it to work
     * @throws IllegalStateException if a program cannot be started
     */
    static DaemonProcess start(
            Linux linux, DaemonCommand command, SequencedMap<String, Fd> left, Optional<String> store, boolean waits) {
        DaemonProcess process = new DaemonProcess(linux, command);
        try {
            process.start(left, store, waits);
            return process;
        } catch (RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private void start(SequencedMap<String, Fd> left, Optional<String> store, boolean waits) {
        Fd[] pair = linux.sockets().pair();
        socket = pair[0];
        try (Fd theirs = pair[1];
                Fd toCompanion = command.companion().isPresent() ? companionSocket() : null;
                Fd toUs = waits ? ordersSocket() : null;
                Fd input = linux.files().open("/dev/null", OpenFlag.RDWR)) {
            Map<Integer, Fd> standard = standard(input);
            Spawn spawn = store.isPresent()
                    ? Inheritance.of(command, standard, theirs, left, store.get())
                    : plain(standard, theirs, toCompanion);
            spawn = with(spawn, Heartbeat.VARIABLE, heartbeat.file());
            String journal = System.getenv(SystemdJournal.STREAM);
            if (journal != null) { // where our standard error goes, theirs does
                spawn = spawn.env(SystemdJournal.STREAM, journal).env(SystemdJournal.DEVICE, command.device());
            }
            if (waits) {
                spawn = with(spawn, Standby.VARIABLE, toUs);
            } else {
                startCompanion(standard);
            }
            child = spawned(spawn);
        }
    }

    /** Its stdout goes to our stderr: our stdout is the guest's console. */
    private Map<Integer, Fd> standard(Fd input) {
        Fd errors = Fd.own(linux.kernel(), 2);
        return Map.of(0, input, 1, errors, 2, errors);
    }

    private Fd companionSocket() {
        Fd[] pair = linux.sockets().pair();
        companionEnd = pair[1];
        return pair[0];
    }

    private Fd ordersSocket() {
        Fd[] pair = linux.sockets().pair();
        orders = new Successor(linux, pair[0]);
        return pair[1];
    }

    private Spawn plain(Map<Integer, Fd> standard, Fd theirs, Fd toCompanion) {
        Map<Integer, Fd> fds = new HashMap<>(standard);
        fds.put(DaemonCommand.SOCKET, theirs);
        for (int i = 0; i < command.fds().size(); i++) {
            fds.put(DaemonCommand.FIRST_FD + i, command.fds().get(i));
        }
        if (toCompanion != null) {
            fds.put(DaemonCommand.FIRST_FD + command.fds().size(), toCompanion);
        }
        return new Spawn(command.argumentList(DaemonCommand.SOCKET), Map.of(), fds, true);
    }

    /** One descriptor more, after all others, of which a variable has the number. */
    private static Spawn with(Spawn spawn, String variable, Fd fd) {
        int number = Collections.max(spawn.fds().keySet()) + 1;
        return spawn.fd(number, fd).env(variable, Integer.toString(number));
    }

    /** The socket between the two is theirs alone: the end of either is the other's. */
    private void startCompanion(Map<Integer, Fd> standard) {
        if (command.companion().isEmpty()) {
            return;
        }
        Companion with = command.companion().get();
        try (Fd theirs = companionEnd) {
            companionEnd = null;
            companion = linux.processes()
                    .spawn(new Spawn(with.argumentList(), Map.of(), standard, true).fd(Companion.SOCKET, theirs));
        } catch (ErrnoException e) {
            throw new IllegalStateException("cannot start " + with.program() + ": " + e.getMessage(), e);
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

    /** Whether it waits, and has said that it is warm. */
    boolean isWarm() {
        return orders != null && orders.isWarm();
    }

    /**
     * Sets a standby to work; its predecessor is dead.
     *
     * @return false: it has died, or does not answer; it is of no use
     */
    boolean begin(SequencedMap<String, Fd> left) {
        if (child.exitStatus().isPresent()) {
            return false;
        }
        try (Fd input = linux.files().open("/dev/null", OpenFlag.RDWR);
                Successor to = orders) {
            orders = null;
            startCompanion(standard(input));
            return to.begin(left);
        }
    }

    /** Our end of its connection, once: the caller's from now on. */
    Fd takeSocket() {
        Fd taken = socket;
        socket = null;
        return taken;
    }

    Child child() {
        return child;
    }

    @Override
    public int pid() {
        return child.pid();
    }

    @Override
    public Heartbeat heartbeat() {
        return heartbeat;
    }

    @Override
    public synchronized void kill() {
        if (child != null && child.pidFd().isOpen()) {
            child.kill(SIGKILL);
        }
    }

    /**
     * Lets it end by itself for so long, then kills it, and closes all that is ours.
     *
     * @return its exit status
     * @throws IllegalStateException if it does not die; this may be called again
     */
    int retire(long patience) {
        OptionalInt status = child.await(patience);
        if (status.isEmpty()) {
            kill();
            status = child.await(DEATH_NANOS);
        }
        if (status.isEmpty()) {
            throw new IllegalStateException(command.program().getFileName() + " of " + command.device() + " (pid "
                    + child.pid() + ") does not die: it hangs in the kernel, look at /proc/" + child.pid() + "/stack");
        }
        close();
        return status.getAsInt();
    }

    /** Closes all that is ours. It is dead, or was never started. */
    @Override
    public void close() {
        if (socket != null) {
            socket.close();
        }
        if (orders != null) {
            orders.close();
        }
        if (companionEnd != null) {
            companionEnd.close();
        }
        if (companion != null) { // its socket is closed by now
            if (companion.await(RETIRE_NANOS).isEmpty()) {
                companion.kill(SIGKILL);
                companion.await(DEATH_NANOS);
            }
            companion.close();
        }
        heartbeat.close();
        synchronized (this) {
            if (child != null) {
                child.close();
            }
        }
    }
}
