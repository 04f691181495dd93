package ringfence.vmm.device.remote;

import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

/**
 * A path at which we listen for a back-end, and for the next one when it has gone. A second one that comes meanwhile
 * waits. Who may connect is what the process's umask leaves. {@link #connect} is called by the device's link thread,
 * {@link #close} after that thread has ended.
 */
public final class ListeningSource implements SocketSource, AutoCloseable {
    private static final int BACKLOG = 1;

    private final Linux linux;
    private final String path;
    private Fd listener; // null: not yet

    /** A source that does not listen before it is asked for a connection. */
    public ListeningSource(Linux linux, String path) {
        this.linux = linux;
        this.path = path;
    }

    /**
     * Listens, if it does not yet, and takes a connection.
     *
     * @throws ErrnoException EAGAIN if none waits; what bind(2) says if it cannot listen
     * @throws IllegalStateException if the path is somebody else's
     */
    @Override
    public Fd connect() {
        if (listener == null) {
            listener = listen();
        }
        return linux.sockets()
                .tryAccept(listener)
                .orElseThrow(() -> new ErrnoException(Syscall.ACCEPT4, Errno.EAGAIN, path));
    }

    private Fd listen() {
        try {
            return linux.sockets().listen(path, BACKLOG);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EADDRINUSE) {
                throw e;
            }
        }
        if (!isLeftBehind()) {
            throw new IllegalStateException(
                    "socket " + path + ": somebody else's file or socket is there: remove it, or choose another path");
        }
        linux.files().unlink(path);
        return linux.sockets().listen(path, BACKLOG);
    }

    /** Whether it is a socket at which nobody listens any more. */
    private boolean isLeftBehind() {
        try (Fd file = linux.files().open(path, OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
            if (!linux.files().stat(file).isSocket()) {
                return false;
            }
        }
        try (Fd _ = linux.sockets().connect(path)) {
            return false;
        } catch (ErrnoException e) {
            return e.errno() == Errno.ECONNREFUSED;
        }
    }

    @Override
    public void close() {
        if (listener != null) {
            listener.close();
            linux.files().unlink(path);
        }
    }
}
