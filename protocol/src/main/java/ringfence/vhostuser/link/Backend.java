package ringfence.vhostuser.link;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.WireException;

/**
 * The back-end server of a device: one front-end at a time, again and again. It owns its socket and one thread, on which
 * every message is obeyed; started queues have threads of their own. Its public methods may be called by any thread.
 *
 * <p>A front-end that comes while another is served is turned away at once, with a line that says so.
 */
public final class Backend implements Serving {
    private static final int ALARM = 0;
    private static final int LISTENER = 1;
    private static final int CONNECTION = 2;
    private static final int BACKLOG = 4;
    private static final String TRUNCATED = "its memory was truncated";

    private final BackendContext context;
    private final Linux linux;
    private final Epoll epoll;
    private final Fd listener;
    private final String path;
    private final Queue<Throwable> failures;
    private final Thread thread;
    private final Runnable onEnd;
    /** Of the connection; null: there is none. Changed by the thread, while it holds this. */
    private Channel channel;

    private Session session;
    private volatile boolean stopping;
    private volatile boolean configChanged;
    /** Whether all has ended, and the alarm is closed; guarded by this. */
    private boolean ended;

    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong drops = new AtomicLong();
    private volatile String lastDrop = "";

    private Backend(Linux linux, Fd socket, String path, BackendDevice device, BackendOptions options, Runnable onEnd) {
        this.linux = linux;
        this.path = path;
        this.onEnd = onEnd;
        failures = new ConcurrentLinkedQueue<>();
        List<QueueStats> stats = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            stats.add(new QueueStats(options.counters(), options.name() + "/q" + i, i));
        }
        boolean listens = linux.sockets().isListener(socket);
        if (!listens && !linux.sockets().isUnixSocket(socket)) {
            throw new IllegalArgumentException(socket + " is not a Unix socket");
        }
        BackendOptions chosen = listens ? options : options.withSingle(true);
        context = new BackendContext(linux, device, chosen, linux.events().eventFd(), failures, List.copyOf(stats));
        epoll = linux.events().epoll(4);
        epoll.add(context.alarm().fd(), Epoll.IN, ALARM);
        listener = listens ? socket : null;
        if (listens) {
            linux.files().nonBlocking(socket, true);
            epoll.add(socket, Epoll.IN, LISTENER);
        } else {
            begin(socket);
        }
        thread = Thread.ofPlatform().name(chosen.name() + "/ctl").start(this::run);
    }

    /**
     * Listens at a path, which must not exist; only our own user may connect. It is unlinked at the end.
     *
     * @throws IllegalArgumentException if the path is too long
     * @throws ErrnoException EADDRINUSE if it exists
     */
    public static Backend listen(Linux linux, String path, BackendDevice device, BackendOptions options) {
        return start(linux, BackendSocket.bind(linux, path, BACKLOG), path, device, options, () -> {});
    }

    /**
     * Serves a socket that somebody else has made: one that listens, or one that is connected, which is served once.
     *
     * @param socket owned by the back-end from now on
     * @throws IllegalArgumentException if it is neither
     */
    public static Backend listen(Linux linux, Fd socket, BackendDevice device, BackendOptions options) {
        return start(linux, socket, null, device, options, () -> {});
    }

    /**
     * Serves a connected socket, once.
     *
     * @param socket owned by the back-end from now on
     * @param onEnd told, on its thread, that all of it has ended
     */
    static Backend once(Linux linux, Fd socket, BackendDevice device, BackendOptions options, Runnable onEnd) {
        return start(linux, socket, null, device, options, onEnd);
    }

    private static Backend start(
            Linux linux, Fd socket, String path, BackendDevice device, BackendOptions options, Runnable onEnd) {
        try {
            return new Backend(linux, socket, path, device, options, onEnd);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void await() throws InterruptedException {
        thread.join();
    }

    /** The device's configuration space has changed: the front-end is told, if there is one that wants to know. */
    public void configChanged() {
        configChanged = true;
        alert();
    }

    /** What it has done so far. */
    public BackendStats stats() {
        return new BackendStats(connections.get(), messages.get(), drops.get(), lastDrop, context.stats());
    }

    /** Whether its connection has ended, or its front-end has hung up, so that it soon will. */
    synchronized boolean isLeaving() {
        return channel == null || linux.sockets().await(channel.socket(), Epoll.RDHUP, 0);
    }

    /** Whether all of it has ended. */
    synchronized boolean hasEnded() {
        return ended;
    }

    @Override
    public void close() {
        stopping = true;
        alert();
        Threads.awaitEnd(thread);
    }

    /** Makes the thread look around; it may be ending by itself at this very moment, or have ended. */
    private synchronized void alert() {
        if (!ended) {
            context.alarm().signal();
        }
    }

    // ---- the thread ---------------------------------------------------------------------------------------------

    private void run() {
        try {
            while (!stopping && !(session == null && listener == null)) {
                turn();
            }
        } catch (RuntimeException e) {
            context.log("back-end ends: " + e);
        } finally {
            end();
            onEnd.run();
        }
    }

    /** This thread, too, reads from the guest's memory, where a queue starts: that may be gone. */
    private void turn() {
        try {
            cycle();
        } catch (InternalError _) {
            if (session != null) { // else it was that of one who has left
                drop(TRUNCATED);
            }
        }
    }

    private void cycle() {
        int ready = epoll.await(-1);
        boolean accept = false;
        for (int i = 0; i < ready; i++) {
            switch ((int) epoll.token(i)) {
                case ALARM -> alarm();
                case LISTENER -> accept = true;
                default -> converse();
            }
        }
        if (accept && !stopping && listener != null) { // last: by now a front-end that has left is known to be gone
            accept();
        }
    }

    private void alarm() {
        context.alarm().drain();
        if (configChanged && session != null) {
            configChanged = false;
            session.configChanged();
        }
        Throwable failure = failures.poll();
        if (failure != null && session != null) {
            drop(failure instanceof InternalError ? TRUNCATED : "a queue failed: " + failure);
        }
    }

    private void accept() {
        Optional<Fd> accepted;
        try {
            accepted = linux.sockets().tryAccept(listener);
        } catch (ErrnoException e) {
            context.log("cannot accept: " + e.getMessage());
            pause();
            return;
        }
        if (accepted.isEmpty()) {
            return;
        }
        if (session != null) {
            context.log("a second front-end is turned away: one is served already");
            accepted.get().close();
            return;
        }
        begin(accepted.get());
    }

    /** Without descriptors to spare the listener stays readable: do not spin. */
    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void begin(Fd socket) {
        connections.incrementAndGet();
        failures.clear();
        exchange(new Channel(linux, socket));
        session = new Session(context, channel);
        epoll.add(socket, Epoll.IN, CONNECTION);
    }

    private void converse() {
        try {
            while (session != null) {
                Optional<Frame> next = channel.poll();
                if (next.isEmpty()) {
                    return;
                }
                try (Frame frame = next.get()) {
                    messages.incrementAndGet();
                    session.handle(frame);
                }
            }
        } catch (Channel.EndOfStream e) {
            if (!"closed".equals(e.getMessage())) {
                context.log("front-end: " + e.getMessage());
            }
            disconnect();
        } catch (WireException | InflightException e) {
            drop(e.getMessage());
        } catch (RuntimeException e) {
            drop("it could not be served: " + e);
        }
    }

    private void drop(String reason) {
        drops.incrementAndGet();
        lastDrop = reason;
        context.log("front-end dropped: " + reason);
        disconnect();
    }

    private void disconnect() {
        epoll.remove(channel.socket());
        Session leaving = session;
        session = null;
        exchange(null); // before its socket is closed
        leaving.close();
        if (context.options().single()) {
            stopping = true;
        }
    }

    private synchronized void exchange(Channel other) {
        channel = other;
    }

    private void end() {
        if (session != null) {
            disconnect();
        }
        if (listener != null) {
            listener.close();
        }
        if (path != null) {
            linux.files().unlink(path);
        }
        epoll.close();
        silence();
    }

    private synchronized void silence() {
        ended = true;
        context.alarm().close();
    }
}
