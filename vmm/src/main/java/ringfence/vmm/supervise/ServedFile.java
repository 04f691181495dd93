package ringfence.vmm.supervise;

import java.util.Optional;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Stat;

/**
 * The file, block device or folder that a daemon serves by its path: the first daemon's is each later one's, too. It is kept
 * open from then on, without a right to it, so that its number does not become another's. One owner, under its lock.
 */
final class ServedFile implements AutoCloseable {
    private static final String REMEDY = ": put that back, or shut the VM down";

    private final Linux linux;
    private final Optional<String> path;
    private Fd first; // null: no daemon has begun yet, or closed

    /** @param path symbolic links are followed; empty: it is no file, and any will do */
    ServedFile(Linux linux, Optional<String> path) {
        this.linux = linux;
        this.path = path;
    }

    /**
     * Notes what is there, the first time; later, looks whether it is the same. Whether it can be served at all, the daemon
     * says.
     *
     * @throws IllegalStateException with a line for the user, if it is another one or gone
     */
    void check() {
        if (path.isEmpty()) {
            return;
        }
        Fd now;
        try {
            now = linux.files().open(path.get(), OpenFlag.PATH);
        } catch (ErrnoException e) {
            if (first == null) {
                return;
            }
            throw new IllegalStateException(
                    path.get() + ", with which the device began, is gone ("
                            + e.errno().text() + ")" + REMEDY,
                    e);
        }
        if (first == null) {
            first = now;
            return;
        }
        try (now) {
            if (!isFirst(now)) {
                throw new IllegalStateException(
                        path.get() + " is another file than the one that the device began with" + REMEDY);
            }
        }
    }

    /** Both are asked now: on an overlay, a file that is first written to may change its number. */
    private boolean isFirst(Fd other) {
        try {
            Stat its = linux.files().stat(other);
            Stat ours = linux.files().stat(first);
            return its.device() == ours.device() && its.inode() == ours.inode() && its.rdev() == ours.rdev();
        } catch (ErrnoException _) {
            return false; // ESTALE: a server's file that is no more
        }
    }

    /** What it is now; empty: it is no file, or cannot be found. */
    Optional<Stat> stat() {
        if (path.isEmpty()) {
            return Optional.empty();
        }
        try (Fd now = linux.files().open(path.get(), OpenFlag.PATH)) {
            return Optional.of(linux.files().stat(now));
        } catch (ErrnoException _) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        if (first != null) {
            first.close();
            first = null;
        }
    }
}
