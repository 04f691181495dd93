package ringfence.vmm.boot;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Stat;

/**
 * A file that is loaded into a guest. Its size is that of the moment when it was opened; a file that shrinks meanwhile
 * is an error, one that grows is cut. Owns its descriptor. Any thread may read.
 */
final class BootFile implements AutoCloseable {
    private final Linux linux;
    private final Fd fd;
    private final String what;
    private final String path;
    private final long size;

    private BootFile(Linux linux, Fd fd, String what, String path, long size) {
        this.linux = linux;
        this.fd = fd;
        this.what = what;
        this.path = path;
        this.size = size;
    }

    /**
     * Opens a regular file.
     *
     * @param what it is, for messages: "kernel", "initramfs"
     * @throws BootException NOT_FOUND, UNREADABLE
     */
    static BootFile open(Linux linux, String what, String path) {
        Fd fd;
        try {
            fd = linux.files().open(path, OpenFlag.RDONLY, OpenFlag.NONBLOCK); // NONBLOCK: a FIFO must not hang us
        } catch (ErrnoException e) {
            boolean absent = e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR;
            throw absent
                    ? new BootException(BootException.Reason.NOT_FOUND, what + " not found: " + path, e)
                    : new BootException(
                            BootException.Reason.UNREADABLE,
                            "cannot open " + what + " " + path + ": "
                                    + e.errno().text(),
                            e);
        }
        try {
            Stat stat = linux.files().stat(fd);
            if (!stat.isRegular()) {
                throw new BootException(
                        BootException.Reason.UNREADABLE,
                        what + " " + path + " is " + (stat.isDirectory() ? "a directory" : "no regular file"));
            }
            return new BootFile(linux, fd, what, path, stat.size());
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    String path() {
        return path;
    }

    long size() {
        return size;
    }

    /** Reads exactly that part. @throws BootException NOT_A_KERNEL if the file ends before */
    byte[] read(long offset, int length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new BootException(
                    BootException.Reason.NOT_A_KERNEL,
                    "%s %s is cut short: %d bytes, and %d at %d are needed"
                            .formatted(what, path, size, length, offset));
        }
        byte[] bytes = new byte[length];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Math.max(1, length), 8);
            read(offset, segment, 0, length);
            MemorySegment.copy(segment, 0, MemorySegment.ofArray(bytes), 0, length);
        }
        return bytes;
    }

    /** Reads exactly that part straight into memory at {@code at}, which the caller has checked. */
    void read(long offset, MemorySegment memory, long at, long length) {
        long done = 0;
        while (done < length) {
            long result = linux.files().tryRead(fd, memory, at + done, length - done, offset + done);
            if (result == 0) {
                throw new BootException(BootException.Reason.UNREADABLE, what + " " + path + " has shrunk meanwhile");
            }
            if (result < 0 && result != -Errno.EINTR.number()) {
                throw new BootException(
                        BootException.Reason.UNREADABLE,
                        "cannot read " + what + " " + path + ": "
                                + Errno.of(-result).text());
            }
            done += Math.max(0, result);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
