package ringfence.vmm.supervise;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Stat;
import ringfence.process.LockHolders;
import ringfence.vmm.device.remote.BackendProcess;
import ringfence.vmm.device.remote.SocketSource;

/**
 * A device daemon as a source of connected sockets: each socket is a new process, and never more than one serves. Where a
 * standby is asked for, another one waits, and is the next. All serve the same file ({@link ServedFile}).
 *
 * <p>{@link #connect} is called by the link thread of the device, {@link #close} by the machine's owner after that
 * thread has closed its socket.
 */
public final class SupervisedDaemon implements SocketSource, AutoCloseable {
    /** Exit status of a daemon that refuses its options or its image: to start it again would not help. */
    private static final int BAD_INPUT = 2;

    /** What a process that has closed its socket gets to finish its exit, so that its status is seen. */
    private static final long EXIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long RETIRE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** After a daemon has begun: its start, and the guest's, shall not be slowed down by the next one's. */
    private static final long STANDBY_MILLIS = 500;

    private static final long WARM_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Linux linux;
    private final DaemonCommand command;
    private final Optional<DescriptorStore> store;
    private final Consumer<String> refused;
    private final ServedFile served;
    private DaemonProcess process; // null: none
    private DaemonProcess standby; // null: none
    private int starts;
    private boolean closed;

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
        this.command =
                store.map(DescriptorStore::address).map(command::sendingTo).orElse(command);
        if (store.isPresent()
                && !(command.fds().isEmpty() && command.companion().isEmpty())) {
            throw new IllegalArgumentException("a daemon with a store gets nothing else");
        }
        this.store = store;
        this.refused = refused;
        served = new ServedFile(linux, command.serves());
    }

    /**
     * Kills the process before, if it lives, waits until it is dead, starts a new one and answers with our end of its
     * socket, which the caller owns.
     *
     * @throws IllegalStateException if the process before has ended because it cannot do its work at all, if the program
     *     cannot be started, or if its file is not the first one's: that may be put right, and then another call succeeds
     */
    @Override
    public synchronized Fd connect() {
        if (retire(EXIT_NANOS) == BAD_INPUT) {
            String line = command.program().getFileName() + " refuses to serve it: its own line says why" + holders();
            refused.accept(line);
            throw new IllegalStateException(line);
        }
        served.check();
        return start();
    }

    /** Who has the image locked: a daemon may not look into processes that have more privileges than it has. */
    private String holders() {
        Optional<Stat> image = served.stat().filter(stat -> !stat.isDirectory());
        List<LockHolders.Holder> holders = image.map(new LockHolders()::of).orElse(List.of());
        return holders.isEmpty() ? "" : "; the image is locked " + LockHolders.describe(holders);
    }

    private Fd start() {
        process = standby == null ? startNow() : takeOver();
        starts++;
        if (command.standby()) {
            CompletableFuture.delayedExecutor(STANDBY_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(this::prepare);
        }
        return process.takeSocket();
    }

    private DaemonProcess startNow() {
        return succeed(left -> DaemonProcess.start(linux, command, left, address(), false));
    }

    /** The standby, if it does its part; else a new one. */
    private DaemonProcess takeOver() {
        DaemonProcess next = standby;
        standby = null;
        boolean[] begun = new boolean[1];
        try {
            succeed(left -> {
                begun[0] = next.begin(left);
                return next;
            });
        } finally {
            if (!begun[0]) {
                next.retire(0);
            }
        }
        return begun[0] ? next : startNow();
    }

    /** Has the next process get what the one before has left. */
    private DaemonProcess succeed(Function<SequencedMap<String, Fd>, DaemonProcess> starter) {
        if (store.isEmpty()) {
            return starter.apply(DaemonProcess.NOTHING);
        }
        return store.get().start(starter, DaemonProcess::pid);
    }

    private Optional<String> address() {
        return store.map(DescriptorStore::address);
    }

    /** Starts a standby, if there is none. One that cannot be started is missed by nobody before the next death. */
    private synchronized void prepare() {
        if (closed || process == null) {
            return;
        }
        if (standby != null && standby.child().exitStatus().isPresent()) {
            standby.close();
            standby = null;
        }
        if (standby == null) {
            try {
                served.check();
                standby = DaemonProcess.start(linux, command, DaemonProcess.NOTHING, address(), true);
            } catch (RuntimeException _) {
                // what is wrong is told when the successor starts without it
            }
        }
    }

    /**
     * Starts the next process, of the program as it is installed now, and returns when it is warm: the next {@link #connect} is
     * answered with it. Any thread but the link's.
     *
     * @param nanos how long it may take
     * @throws IllegalStateException if it cannot be started, ends or takes longer, or if its file is not the first one's; the
     *     present one serves on
     */
    public void renew(long nanos) {
        DaemonProcess next = renewed();
        long deadline = System.nanoTime() + nanos;
        while (!isReady(next, System.nanoTime() > deadline)) {
            LockSupport.parkNanos(WARM_NANOS);
        }
    }

    private synchronized DaemonProcess renewed() {
        if (closed) {
            throw new IllegalStateException("it is being taken away");
        }
        served.check();
        if (standby != null) {
            standby.retire(0); // of another build, perhaps
            standby = null;
        }
        standby = DaemonProcess.start(linux, command, DaemonProcess.NOTHING, address(), true);
        return standby;
    }

    private synchronized boolean isReady(DaemonProcess next, boolean late) {
        if (standby != next || next.isWarm()) {
            return true; // it serves already, for the one before has died
        }
        OptionalInt status = next.child().exitStatus();
        if (status.isEmpty() && !late) {
            return false;
        }
        standby = null;
        next.retire(0);
        throw new IllegalStateException("the new " + command.program().getFileName()
                + (status.isPresent() ? " has ended with " + status.getAsInt() : " is not ready in time")
                + ": the one before serves on");
    }

    /** Whether a standby waits, and is warm. */
    public synchronized boolean isStandbyWarm() {
        return standby != null && standby.isWarm();
    }

    @Override
    public synchronized Optional<BackendProcess> process() {
        return Optional.ofNullable(process);
    }

    /** How often it has been started. */
    public synchronized int starts() {
        return starts;
    }

    /** Its exit status, once it is dead; 0 if there was none. */
    private int retire(long patience) {
        if (process == null) {
            return 0;
        }
        int status = process.retire(patience);
        process = null;
        return status;
    }

    /** Lets it end by itself for 2 s, for its socket is closed, then kills it. */
    @Override
    public synchronized void close() {
        closed = true;
        if (standby != null) {
            standby.retire(0);
            standby = null;
        }
        retire(RETIRE_NANOS);
        served.close();
    }
}
