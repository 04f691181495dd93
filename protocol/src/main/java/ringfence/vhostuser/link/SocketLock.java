package ringfence.vhostuser.link;

import java.util.Optional;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;

/**
 * The right to listen at a path: a lock on the file PATH{@value #SUFFIX}, held as long as the daemon lives that listens
 * there. Of any number of processes that try, one has it; who has it may replace a socket that a dead one has left. Whoever
 * starts a daemon may take it first and hand it over, so that there is no moment between.
 *
 * <p>The lock is the open file's, so it ends with the last process that has it open. The file stays, empty.
 */
public final class SocketLock implements AutoCloseable {
    /** Behind the socket's path. */
    public static final String SUFFIX = ".lock";

    private static final int OWNER_ONLY = 0600;

    private final Fd file;

    private SocketLock(Fd file) {
        this.file = file;
    }

    /**
     * Takes it, if nobody has it; never waits.
     *
     * @param path of the socket
     * @throws ErrnoException if the file can be neither opened nor made; ENOENT: its folder is missing
     */
    public static Optional<SocketLock> tryTake(Linux linux, String path) {
        return locked(
                linux, linux.files().open(path + SUFFIX, OWNER_ONLY, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW));
    }

    /**
     * The one that we were started with.
     *
     * @param number of the descriptor
     * @return empty: somebody else has it
     * @throws ErrnoException EBADF: there is no such descriptor, or it cannot be written to
     */
    public static Optional<SocketLock> inherited(Linux linux, int number) {
        return locked(linux, linux.files().duplicate(number));
    }

    private static Optional<SocketLock> locked(Linux linux, Fd file) {
        try {
            if (linux.files().tryLock(file, LockType.WRITE, 0, 0)) {
                return Optional.of(new SocketLock(file));
            }
        } catch (ErrnoException e) {
            file.close();
            throw e;
        }
        file.close();
        return Optional.empty();
    }

    /** To be handed to a process that is to have it too; stays ours. */
    public Fd file() {
        return file;
    }

    @Override
    public void close() {
        file.close();
    }
}
