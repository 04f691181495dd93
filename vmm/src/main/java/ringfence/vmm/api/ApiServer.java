package ringfence.vmm.api;

import java.nio.file.Path;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;

/**
 * HTTP on a Unix socket: one thread serves all clients, see {@link ApiLoop}, within {@link ApiLimits}.
 *
 * <p>The lock file {@code PATH.lock} beside the socket tells a living server from a socket that one left behind: the
 * first is an error for us, the second is removed.
 */
public final class ApiServer implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final long END_MILLIS = 3000;

    private final Linux linux;
    private final String path;
    private final Fd lock;
    private final Fd listener;
    private final EventFd wake;
    private final ApiLoop loop;
    private final Thread thread;

    /**
     * Starts to listen. Reachable by the same user only.
     *
     * @throws ErrnoException EADDRINUSE if another process serves this path, or what bind(2) says
     */
    public ApiServer(Linux linux, String path, Endpoints endpoints) {
        this(linux, path, endpoints, ApiLimits.of(linux.processes().openFiles().soft()));
    }

    /** The same with other limits. */
    ApiServer(Linux linux, String path, Endpoints endpoints, ApiLimits limits) {
        this.linux = linux;
        this.path = path;
        lock = lock(linux, path);
        Fd socket = null;
        int mask = linux.files().umask(077);
        try {
            linux.files().unlink(path);
            socket = linux.sockets().listen(path, BACKLOG);
            wake = linux.events().eventFd();
        } catch (ErrnoException e) {
            if (socket != null) {
                socket.close();
            }
            lock.close();
            throw e;
        } finally {
            linux.files().umask(mask);
        }
        listener = socket;
        loop = new ApiLoop(linux, listener, wake, endpoints, limits);
        thread = Thread.ofPlatform().daemon().name("api").start(loop);
    }

    private static Fd lock(Linux linux, String path) {
        Fd fd = linux.files().open(path + ".lock", 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        if (!linux.files().tryLock(fd, LockType.WRITE, 0, 0)) {
            fd.close();
            throw new ErrnoException(ringfence.linux.Syscall.BIND, Errno.EADDRINUSE, path);
        }
        return fd;
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
        linux.files().unlink(path);
        linux.files().unlink(Path.of(path + ".lock").toString());
        lock.close();
        wake.close();
    }
}
