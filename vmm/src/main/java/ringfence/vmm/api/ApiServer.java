package ringfence.vmm.api;

import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;

/** HTTP on a Unix socket: one thread serves all clients, see {@link ApiLoop}, within {@link ApiLimits}. */
public final class ApiServer implements AutoCloseable {
    private static final long END_MILLIS = 3000;

    private final ApiListener listener;
    private final EventFd wake;
    private final ApiLoop loop;
    private final Thread thread;
    private boolean closed; // guarded by this

    private ApiServer(Linux linux, ApiListener listener, Endpoints endpoints, ApiLimits limits) {
        this.listener = listener;
        try {
            wake = linux.events().eventFd();
        } catch (ErrnoException e) {
            listener.close();
            throw e;
        }
        loop = new ApiLoop(linux, listener.socket(), wake, endpoints, limits);
        thread = Thread.ofPlatform().daemon().name("api").start(loop);
    }

    /**
     * Starts to listen. Reachable by the same user only.
     *
     * @throws ErrnoException EADDRINUSE if another process serves this path, or what bind(2) says
     */
    public static ApiServer at(Linux linux, String path, Endpoints endpoints) {
        return at(linux, path, endpoints, limits(linux));
    }

    /** The same with other limits. */
    static ApiServer at(Linux linux, String path, Endpoints endpoints, ApiLimits limits) {
        return new ApiServer(linux, ApiListener.at(linux, path), endpoints, limits);
    }

    /**
     * Serves a Unix socket that listens already; who may reach it is up to its maker.
     *
     * @param number of a descriptor of this process, which stays as it is
     */
    public static ApiServer handed(Linux linux, int number, Endpoints endpoints) {
        return new ApiServer(linux, ApiListener.handed(linux, number), endpoints, limits(linux));
    }

    private static ApiLimits limits(Linux linux) {
        return ApiLimits.of(linux.processes().openFiles().soft());
    }

    /** Has the thread that serves give a sign of life. Any thread. @param answer run once, soon */
    public synchronized void askForSign(Runnable answer) {
        if (closed) {
            answer.run();
        } else {
            loop.askForSign(answer);
        }
    }

    /** Takes no more connections, and lets those clients have their answer whose request is done within a second. */
    @Override
    public void close() {
        loop.stop();
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        listener.close();
        synchronized (this) {
            closed = true;
            wake.close();
        }
    }
}
