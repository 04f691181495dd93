package ringfence.blk.image;

import java.util.List;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.process.LockHolders;

/**
 * The lock file that orders a daemon after its predecessor, owned by the device for its life.
 *
 * <p>io_uring outlives its process: for up to some hundred milliseconds after a SIGKILL, queued writes still reach the
 * disk and queued reads still land in guest memory. So the daemon write-locks this file, of its own, and registers it
 * in every io_uring that it makes; the lock lasts until the last request has ended. The successor holds it before it
 * reads the inflight region.
 *
 * <p>The file is opened here and its descriptor given to nobody but the ring: a duplicate elsewhere would hold the
 * lock for ever. It is left in place at the end: removing it would let two daemons lock two files of one name.
 */
public final class Fence implements AutoCloseable {
    /** A predecessor that is about to end may hold its descriptors for so long. */
    private static final long LEAVING_NANOS = 1_000_000_000;

    private final String path;
    private final Fd fd;

    private Fence(String path, Fd fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Takes the fence, waiting for a predecessor's requests to end.
     *
     * @param path the lock file; made, with mode 0600, if it is not there
     * @param patienceNanos how long to wait where no living process holds it; one that does is given a second
     * @throws ImageException if the file cannot be made, or is still held then; the message names the process
     */
    public static Fence take(Linux linux, String path, long patienceNanos, LockHolders holders) {
        Fd fd = open(linux, path);
        try {
            long start = System.nanoTime();
            while (!linux.files().tryLock(fd, LockType.WRITE, 0, 0)) {
                long waited = System.nanoTime() - start;
                if (waited >= Math.min(LEAVING_NANOS, patienceNanos)) {
                    List<LockHolders.Holder> alive = holders.of(linux.files().stat(fd));
                    if (!alive.isEmpty() || waited >= patienceNanos) {
                        throw new ImageException("fence " + path + " is held " + LockHolders.describe(alive)
                                + ": the daemon that served this device before has not ended, or its requests"
                                + " have not");
                    }
                }
                Pause.shortly();
            }
            return new Fence(path, fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Fd open(Linux linux, String path) {
        try {
            return linux.files().open(path, 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW, OpenFlag.NONBLOCK);
        } catch (ErrnoException e) {
            throw new ImageException("fence " + path + ": " + e.errno().text(), e);
        }
    }

    /** The locked descriptor, to be registered in a ring, and for nothing else. */
    public Fd fd() {
        return fd;
    }

    /** The lock file. */
    public String path() {
        return path;
    }

    @Override
    public void close() {
        fd.close();
    }
}
