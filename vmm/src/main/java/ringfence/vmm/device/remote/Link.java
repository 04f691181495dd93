package ringfence.vmm.device.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.vhostuser.link.Threads;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.QueueEvents;

/**
 * The link thread of a remote device: it alone talks to the back-end, connects to it and to its successors, and owns what
 * outlives one ({@link GuestQueues}). Others post commands; what they may know is published by {@link RemoteDevice}.
 */
final class Link {
    private static final long WAKE = -1;
    private static final long SOCKET = -2;
    private static final long CHANNEL = -3;
    private static final int EVENTS = 64;

    private final Linux linux;
    private final SocketSource source;
    private final Profile profile;
    private final int queueCount;
    private final LinkEvents events;
    private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final EventFd wake;
    private final Epoll epoll;
    private final List<EventFd> errs = new ArrayList<>();
    private final Thread thread;
    private final Backoff backoff = new Backoff();
    private final GuestQueues queues;
    private Resize resize; // null: none is under way
    private volatile boolean closing;
    private Fd socket; // of the connection, so that close() can end a call in progress; guarded by this
    private Connection connection; // null: none
    private PeerProcess before; // null: there was none
    private long lostAt;
    private long connectedAt;

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
        this.queueCount = queueCount;
        this.events = events;
        wake = linux.events().eventFd();
        epoll = linux.events().epoll(EVENTS);
        epoll.add(wake.fd(), Epoll.IN, WAKE);
        for (int i = 0; i < queueCount; i++) {
            EventFd err = linux.events().eventFd();
            errs.add(err);
            epoll.add(err.fd(), Epoll.IN, i);
        }
        queues = new GuestQueues(profile, memory, queueSize, errs, events);
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
            if (connection != null) { // a successor, too, has queues at once
                events.serves(queues.inUse());
            }
            int ready = epoll.await(connection != null ? -1 : backoff.millis(System.nanoTime()));
            for (int i = 0; i < ready; i++) {
                attend(epoll.token(i));
            }
            Runnable command;
            while (!closing && (command = commands.poll()) != null) {
                guarded(command);
            }
            if (connection == null && queues.awaitReset() && !queues.areFenced() && before != null && before.isDead()) {
                queues.forget(); // without a fence to be taken nobody is left who could write anything
            }
        }
        end();
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
        backoff.lost(lostAt, lostAt - connectedAt);
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
            if (!queues.awaitReset()) {
                byte[] resized = resize == null ? null : resize.capacity;
                events.admit(next.features(), queues.acknowledged(), next.config(), resized);
            }
            queues.resume(next);
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
        connectedAt = System.nanoTime();
        backoff.reset(connectedAt);
        long gap = connectedAt - lostAt;
        // a guest that has asked for a reset reads features and configuration again
        events.connected(
                source.process().map(BackendProcess::pid).orElse(next.peer().pid()),
                next.features(),
                next.config(),
                gap,
                queues.awaitReset());
        finishResize();
        guarded(() -> queues.settle(connection));
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
        queues.close();
        if (resize != null) {
            resize.done.completeExceptionally(new IllegalStateException("the device was closed"));
        }
        errs.forEach(EventFd::close);
        epoll.close();
        wake.close();
    }

    // ---- commands, on the thread --------------------------------------------------------------------------------

    void acknowledge(long features) {
        queues.acknowledge(features, connection);
    }

    void startQueue(
            int index, QueueConfig config, QueueState from, QueueEvents bells, CompletableFuture<Void> started) {
        queues.start(index, config, from, bells, started, connection);
    }

    /** Goes by these features: a back-end hears of them only while nothing runs. */
    void use(long features) {
        queues.use(features, connection);
    }

    /** Uses that many queues, the first ones; those that start later too, and those of a successor. */
    void enable(int count) {
        queues.enable(count, connection);
    }

    void stopQueue(int index, CompletableFuture<QueueState> stopped) {
        queues.stop(index, stopped, connection);
    }

    void reset(CompletableFuture<Void> done) {
        queues.reset(done, connection);
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
        queues.betweenRequests(connection, () -> {
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
        queues.drain(connection);
        source.process().ifPresent(BackendProcess::kill); // as at any death, it changes nothing that it leaves
        lost("it makes room for the next one");
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
