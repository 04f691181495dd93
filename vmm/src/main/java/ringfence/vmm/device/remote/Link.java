package ringfence.vmm.device.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.InflightShare;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.vhostuser.link.Threads;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueException;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.QueueEvents;

/**
 * The link thread of a remote device: it alone talks to the back-end and owns what must outlive one (queues that run, the
 * inflight region). Others post commands; what they may know is published by {@link RemoteDevice}.
 *
 * <p>A command that meets a lost connection waits in this object's state until a successor has been set up: a queue to be
 * started is started then, one to be stopped is started and drained, and a reset is done when the successor has taken the
 * fence, for only then can nothing of the predecessor still land in guest memory. Where there is no fence, as for a network
 * device and for a back-end that tracks nothing, its death is enough.
 */
final class Link {
    private static final long WAKE = -1;
    private static final long SOCKET = -2;
    private static final long CHANNEL = -3;
    private static final int EVENTS = 64;

    private final Linux linux;
    private final SocketSource source;
    private final Profile profile;
    private final MemoryTable memory;
    private final int queueCount;
    private final int queueSize;
    private final LinkEvents events;
    private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final EventFd wake;
    private final Epoll epoll;
    private final List<EventFd> errs = new ArrayList<>();
    private final Thread thread;
    private final Backoff backoff = new Backoff();
    private final TreeMap<Integer, RemoteQueue> queues = new TreeMap<>();
    private final List<CompletableFuture<Void>> resets = new ArrayList<>();
    private Resize resize; // null: none is under way
    private volatile boolean closing;
    private Fd socket; // of the connection, so that close() can end a call in progress; guarded by this
    private Connection connection; // null: none
    private PeerProcess before; // null: there was none
    private InflightShare share; // null: none
    private long acknowledged;
    private long used; // those of the acknowledged ones that the guest wants at present
    private int enabled; // so many queues are in use, the first ones
    private long lostAt;

    /** How the configuration space is to begin, and who waits for it. */
    private record Resize(byte[] capacity, CompletableFuture<Void> done) {}

    /** A link with a thread of this name, which {@link #start} starts. */
    Link(
            Linux linux,
            String name,
            SocketSource source,
            Profile profile,
            MemoryTable memory,
            int queueCount,
            int queueSize,
            LinkEvents events) {
        this.linux = linux;
        this.source = source;
        this.profile = profile;
        enabled = profile.enabledAtFirst();
        this.memory = memory;
        this.queueCount = queueCount;
        this.queueSize = queueSize;
        this.events = events;
        wake = linux.events().eventFd();
        epoll = linux.events().epoll(EVENTS);
        epoll.add(wake.fd(), Epoll.IN, WAKE);
        for (int i = 0; i < queueCount; i++) {
            EventFd err = linux.events().eventFd();
            errs.add(err);
            epoll.add(err.fd(), Epoll.IN, i);
        }
        thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Runs a command on the link thread; drops it once the link is closing. */
    void post(Runnable command) {
        commands.add(command);
        wake.signal();
    }

    /** Ends the thread and the connection; a second call does nothing. Any other thread. */
    void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
            wake.signal();
            if (socket != null) {
                linux.sockets().shutdown(socket); // whatever call waits for an answer ends now
            }
        }
        Threads.awaitEnd(thread);
    }

    /** Lets close() end a call on this socket; null: there is none, or it is to be closed next. */
    private synchronized void expose(Fd open) {
        socket = open;
        if (closing && open != null) {
            throw new PeerException("the device is being closed", Disposition.RETRY);
        }
    }

    // ---- the thread ---------------------------------------------------------------------------------------------

    private void run() {
        backoff.reset(System.nanoTime());
        while (!closing) {
            if (connection == null && backoff.millis(System.nanoTime()) == 0) {
                connect();
            }
            int ready = epoll.await(connection != null ? -1 : backoff.millis(System.nanoTime()));
            for (int i = 0; i < ready; i++) {
                attend(epoll.token(i));
            }
            Runnable command;
            while (!closing && (command = commands.poll()) != null) {
                guarded(command);
            }
            if (connection != null) {
                events.serves(inUse());
            }
            if (connection == null && !resets.isEmpty() && share == null && before != null && before.isDead()) {
                forget(); // without a fence to be taken nobody is left who could write anything
            }
        }
        end();
    }

    private List<QueueConfig> inUse() {
        return queues.values().stream()
                .filter(queue -> queue.begun && queue.index < enabled && profile.completes(queue.index))
                .map(queue -> queue.config)
                .toList();
    }

    private void attend(long token) {
        if (token == WAKE) {
            wake.drain();
        } else if (token == SOCKET && connection != null) {
            guarded(() -> connection.frontend().poll());
        } else if (token == CHANNEL && connection != null) {
            guarded(() -> connection.frontend().channel().poll(this::configChanged));
        } else if (token >= 0 && errs.get((int) token).drain() > 0) {
            events.needsReset("the back-end reports a broken ring, queue " + token);
        }
    }

    /** Runs something that talks to the back-end; if that fails us, the connection is lost. */
    private void guarded(Runnable action) {
        try {
            action.run();
        } catch (PeerException e) {
            lost(e.getMessage());
        } catch (ErrnoException e) {
            lost("the connection fails: " + e.getMessage());
        }
    }

    private void lost(String why) {
        if (connection == null || closing) {
            return; // closing: it is we who have shut it down, and end() cleans up
        }
        lostAt = System.nanoTime();
        Connection gone = connection;
        connection = null;
        expose(null);
        unwatch(gone);
        gone.close();
        if (before != null) {
            before.close();
        }
        before = gone.peer();
        boolean alive = !before.isDead();
        backoff.reset(lostAt);
        events.lost(why, alive);
    }

    private void watch(Connection to) {
        epoll.add(to.frontend().socket(), Epoll.IN | Epoll.RDHUP, SOCKET);
        if (to.frontend().channel() != null) {
            epoll.add(to.frontend().channel().socket(), Epoll.IN | Epoll.RDHUP, CHANNEL);
        }
    }

    private void unwatch(Connection from) {
        epoll.remove(from.frontend().socket());
        if (from.frontend().channel() != null) {
            epoll.remove(from.frontend().channel().socket());
        }
    }

    private void connect() {
        Connection next = null;
        try {
            next = Connection.open(linux, source, this::expose, profile, queueCount, before);
            if (resets.isEmpty()) {
                byte[] resized = resize == null ? null : resize.capacity;
                events.admit(next.features(), acknowledged, next.config(), resized);
            }
            resume(next);
        } catch (PeerException e) {
            fail(next, e.getMessage(), e.disposition() == Disposition.FATAL);
            return;
        } catch (ErrnoException e) {
            fail(next, e.getMessage(), !isNobodyThere(e));
            return;
        } catch (RuntimeException e) {
            fail(next, e.getMessage() != null ? e.getMessage() : e.toString(), true);
            return;
        }
        connection = next;
        watch(next);
        backoff.reset(System.nanoTime());
        long gap = System.nanoTime() - lostAt;
        // a guest that has asked for a reset reads features and configuration again
        events.connected(
                source.process().map(BackendProcess::pid).orElse(next.peer().pid()),
                next.features(),
                next.config(),
                gap,
                !resets.isEmpty());
        finishResize();
        guarded(this::settle);
    }

    private static boolean isNobodyThere(ErrnoException e) {
        return e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED || e.errno() == Errno.EAGAIN;
    }

    private void fail(Connection next, String why, boolean refused) {
        expose(null);
        if (next != null) {
            next.close();
            next.peer().close();
        }
        if (refused) {
            backoff.refused(System.nanoTime());
        } else {
            backoff.again(System.nanoTime());
        }
        events.notConnected(why, refused);
    }

    /** Gives a successor what its predecessor had, so that the guest notices nothing. */
    private void resume(Connection to) {
        if (acknowledged == 0) {
            return;
        }
        prepare(to);
        List<RemoteQueue> begun =
                queues.values().stream().filter(queue -> queue.begun).toList();
        if (!resets.isEmpty()) {
            return; // settle() ends them; nothing is started again
        }
        for (RemoteQueue queue : begun) {
            if (profile.tracked() && !to.tracksInflight() && !queue.isIdle(memory)) {
                events.needsReset("the back-end has died with requests in flight, and tracks none");
                return;
            }
        }
        begun.forEach(queue -> takeUp(to, queue));
    }

    /** Starts a queue that has run before, where it stands. */
    private void takeUp(Connection to, RemoteQueue queue) {
        start(to, queue);
        queue.events.kick().signal(); // a kick that was taken before is not rung again
        queue.events.call().signal(); // an interrupt that was owed neither
    }

    private void prepare(Connection to) {
        if (!to.tracksInflight() && share != null) {
            share.close(); // what it says would be stale for whoever comes after this one
            share = null;
        }
        long features = resets.isEmpty() ? used : used & to.features();
        share = to.prepare(features, memory, share, queueCount, queueSize);
    }

    private void start(Connection to, RemoteQueue queue) {
        QueueState from = queue.from(memory);
        queue.begun = true; // also if this fails half-way
        to.frontend()
                .startQueue(
                        queue.index,
                        queue.config,
                        from,
                        queue.events.kick(),
                        queue.events.call(),
                        queue.err,
                        queue.index < enabled);
    }

    /** Does what was asked for while nobody was there, or just now. */
    private void settle() {
        if (!resets.isEmpty()) {
            finishResets();
        }
        for (RemoteQueue queue : List.copyOf(queues.values())) {
            if (!queue.started.isDone()) {
                begin(queue);
            }
            if (queue.stopping != null && queues.get(queue.index) == queue) {
                QueueState at = connection.frontend().stopQueue(queue.index);
                queues.remove(queue.index);
                queue.stopping.complete(at);
            }
        }
    }

    private void begin(RemoteQueue queue) {
        try {
            if (!queue.begun) {
                start(connection, queue);
            }
            queue.started.complete(null);
        } catch (PeerException e) {
            if (e.disposition() != Disposition.FATAL) {
                throw e;
            }
            queues.remove(queue.index); // the ring is no memory: the guest's fault, not the back-end's
            queue.started.completeExceptionally(e);
        } catch (QueueException e) {
            queues.remove(queue.index);
            queue.started.completeExceptionally(e);
        }
    }

    private void finishResets() {
        List<RemoteQueue> begun =
                queues.values().stream().filter(queue -> queue.begun).toList();
        connection.reset(begun);
        connection.forgetInflight();
        forget();
    }

    /** The guest has let go of everything: so does the link, and who waited for it is told. */
    private void forget() {
        if (share != null) {
            share.close();
            share = null;
        }
        for (RemoteQueue queue : queues.values()) {
            queue.started.completeExceptionally(new IllegalStateException("the device was reset"));
            if (queue.stopping != null) {
                queue.stopping.complete(QueueState.FRESH);
            }
        }
        queues.clear();
        acknowledged = 0;
        used = 0;
        enabled = profile.enabledAtFirst();
        List<CompletableFuture<Void>> done = List.copyOf(resets);
        resets.clear();
        done.forEach(reset -> reset.complete(null));
    }

    private void configChanged() {
        events.configRead(connection.readConfig());
    }

    private void end() {
        expose(null);
        if (connection != null) {
            unwatch(connection);
            connection.close();
            connection.peer().close();
        }
        if (before != null) {
            before.close();
        }
        if (share != null) {
            share.close();
        }
        queues.values().forEach(queue -> {
            queue.started.completeExceptionally(new IllegalStateException("the device was closed"));
            if (queue.stopping != null) {
                queue.stopping.completeExceptionally(new IllegalStateException("the device was closed"));
            }
        });
        resets.forEach(reset -> reset.complete(null)); // its connection is closed: there is no more to be had
        if (resize != null) {
            resize.done.completeExceptionally(new IllegalStateException("the device was closed"));
        }
        errs.forEach(EventFd::close);
        epoll.close();
        wake.close();
    }

    // ---- commands, on the thread --------------------------------------------------------------------------------

    void acknowledge(long features) {
        acknowledged = features;
        used = features;
        if (connection != null) {
            prepare(connection);
        }
    }

    void startQueue(
            int index, QueueConfig config, QueueState from, QueueEvents bells, CompletableFuture<Void> started) {
        queues.put(index, new RemoteQueue(index, config, from, bells, errs.get(index), started));
        if (connection != null) {
            settle();
        }
    }

    /** Goes by these features: a back-end hears of them only while nothing runs. */
    void use(long features) {
        if (features == used || (features & ~acknowledged) != 0) {
            return; // the guest has meanwhile begun anew
        }
        used = features;
        if (connection == null || !resets.isEmpty()) {
            return;
        }
        betweenRequests(() -> prepare(connection));
    }

    /** Does something while the queues stand still, drained; they go on where they stood. */
    private void betweenRequests(Runnable action) {
        List<RemoteQueue> running = queues.values().stream()
                .filter(queue -> queue.begun && queue.stopping == null)
                .toList();
        running.forEach(queue -> connection.frontend().stopQueue(queue.index));
        action.run();
        running.forEach(queue -> takeUp(connection, queue));
    }

    /**
     * Has the back-end change what the guest has seen at the beginning of the configuration space. If it dies meanwhile, its
     * successor tells which of the two it has come to.
     */
    void resize(byte[] capacity, CompletableFuture<Void> done) {
        if (connection == null || !connection.hasConfig()) {
            done.completeExceptionally(new IllegalStateException("nobody serves it at present: ask again"));
            return;
        }
        resize = new Resize(capacity, done);
        betweenRequests(() -> {
            try {
                connection.frontend().setConfig(0, capacity);
            } catch (PeerException e) {
                if (e.disposition() != Disposition.RETRY) {
                    throw e;
                }
            }
        });
        configChanged();
        finishResize();
    }

    private void finishResize() {
        if (resize == null) {
            return;
        }
        CompletableFuture<Void> done = resize.done;
        if (profile.isSame(resize.capacity, connection.config())) {
            done.complete(null);
        } else {
            done.completeExceptionally(
                    new IllegalStateException("it is as large as before: its daemon's own line says why"));
        }
        resize = null;
    }

    /** Has the back-end give its queues back, drained, and lets go of it: the next one goes on with them. */
    void handOver() {
        if (connection == null) {
            return; // the next one comes anyway
        }
        for (RemoteQueue queue : queues.values()) {
            if (queue.begun) {
                connection.frontend().stopQueue(queue.index);
            }
        }
        source.process().ifPresent(BackendProcess::kill); // as at any death, it changes nothing that it leaves
        lost("it makes room for the next one");
    }

    /** Uses that many queues, the first ones; those that start later too, and those of a successor. */
    void enable(int count) {
        int before = enabled;
        enabled = count;
        if (connection == null) {
            return;
        }
        for (RemoteQueue queue : queues.values()) {
            boolean on = queue.index < count;
            if (queue.begun && on != queue.index < before) {
                connection.frontend().enable(queue.index, on);
            }
        }
    }

    void stopQueue(int index, CompletableFuture<QueueState> stopped) {
        RemoteQueue queue = queues.get(index);
        if (queue == null) {
            stopped.completeExceptionally(new IllegalStateException("queue " + index + " does not run"));
            return;
        }
        queue.stopping = stopped;
        if (connection != null) {
            settle();
        }
    }

    void reset(CompletableFuture<Void> done) {
        resets.add(done);
        if (queues.values().stream().noneMatch(queue -> queue.begun)) {
            if (connection != null) {
                connection.forgetInflight();
            }
            forget();
        } else if (connection != null) {
            settle();
        }
    }

    void writeConfig(int offset, byte[] bytes) {
        if (connection == null || !connection.hasConfig()) {
            return; // lost with the back-end; the driver reads back what holds
        }
        try {
            connection.frontend().config(offset, bytes);
        } catch (PeerException e) {
            if (e.disposition() != Disposition.RETRY) {
                throw e;
            }
        }
        events.configRead(connection.readConfig());
    }
}
