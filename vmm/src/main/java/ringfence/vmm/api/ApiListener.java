package ringfence.vmm.api;

import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

/**
 * The socket at which clients arrive: one that is made at a path and removed in the end, or one that whoever started us has
 * made, as libvirt does, and removes himself.
 *
 * <p>The lock file {@code PATH.lock} beside a path tells a living server from a socket that one left behind: the first is
 * an error for us, the second is replaced.
 */
final class ApiListener implements AutoCloseable {
    private static final int BACKLOG = 1024;

    private final Linux linux;
    private final Fd socket;
    private final String path; // empty: its maker's
    private final Fd lock; // null: none is needed

    private ApiListener(Linux linux, Fd socket, String path, Fd lock) {
        this.linux = linux;
        this.socket = socket;
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes one, which is reachable by the same user only.
     *
     * @throws ErrnoException EADDRINUSE if another process serves this path, EEXIST if something that is no socket is there,
     *     or what bind(2) says
     */
    static ApiListener at(Linux linux, String path) {
        Fd lock = lock(linux, path);
        int mask = linux.files().umask(077);
        try {
            removeLeftBehind(linux, path);
            return new ApiListener(linux, linux.sockets().listen(path, BACKLOG), path, lock);
        } catch (ErrnoException e) {
            lock.close();
            throw e;
        } finally {
            linux.files().umask(mask);
        }
    }

    /** Who has the lock knows that nobody serves a socket that is there; anything else is somebody's, a link, too. */
    private static void removeLeftBehind(Linux linux, String path) {
        try (Fd there = linux.files().open(path, OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
            if (!linux.files().stat(there).isSocket()) {
                throw new ErrnoException(Syscall.BIND, Errno.EEXIST, path);
            }
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT) {
                return;
            }
            throw e;
        }
        linux.files().unlink(path);
    }

    /** One that listens already. @param number of this process; a duplicate is used */
    static ApiListener handed(Linux linux, int number) {
        Fd socket = linux.files().duplicate(number);
        linux.files().nonBlocking(socket, true);
        return new ApiListener(linux, socket, "", null);
    }

    private static Fd lock(Linux linux, String path) {
        Fd fd = linux.files().open(path + ".lock", 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        if (!linux.files().tryLock(fd, LockType.WRITE, 0, 0)) {
            fd.close();
            throw new ErrnoException(Syscall.BIND, Errno.EADDRINUSE, path);
        }
        return fd;
    }

    Fd socket() {
        return socket;
    }

    @Override
    public void close() {
        socket.close();
        if (lock != null) {
            linux.files().unlink(path);
            linux.files().unlink(path + ".lock");
            lock.close();
        }
    }
}
