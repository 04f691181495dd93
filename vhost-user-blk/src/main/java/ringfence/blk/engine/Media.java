package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import ringfence.blk.image.Image;
import ringfence.blk.request.BlkLimits;
import ringfence.linux.Errno;
import ringfence.linux.Files;

/**
 * What the engines of one device share. Any thread reads it; the control thread changes the cache mode while queues
 * run (SET_CONFIG of {@code writeback}), and the image's size while none does.
 */
final class Media {
    private volatile Image image;
    private final MemorySegment id;
    private final boolean sparse;
    private final FlushState flushes = new FlushState();
    private volatile BlkLimits limits;
    private volatile boolean writeThrough;

    Media(Image image, String serial, boolean sparse) {
        this.image = image;
        this.sparse = sparse;
        id = ReplyBytes.id(serial);
        limits = new BlkLimits(image.sectors(), image.readOnly(), image.blockSize(), 0, 0);
    }

    Image image() {
        return image;
    }

    /** The same one, of another size. No queue runs. */
    void image(Image resized) {
        image = resized;
    }

    /** Whether the image may lose blocks. */
    boolean isSparse() {
        return sparse;
    }

    /** The 20 bytes that GET_ID answers. */
    MemorySegment id() {
        return id;
    }

    FlushState flushes() {
        return flushes;
    }

    BlkLimits limits() {
        return limits;
    }

    void limits(BlkLimits negotiated) {
        limits = negotiated;
    }

    /** Whether a write has to be durable before it completes: the driver knows of no cache, or has switched it off. */
    boolean writeThrough() {
        return writeThrough;
    }

    void writeThrough(boolean on) {
        writeThrough = on;
    }

    /**
     * A flush, by a plain call. Once one has failed, all do.
     *
     * @return 0, or minus the errno
     */
    long flush(Files files) {
        return flushes.isFailed() ? -Errno.EIO.number() : flushed(files.tryDataSync(image.fd()));
    }

    /** Takes note of how a flush ended. @return 0, or minus the errno */
    long flushed(long result) {
        if (result < 0) {
            flushes.fail();
            return result;
        }
        // another queue's flush may have failed meanwhile, and taken the kernel's one report of an error of ours
        return flushes.isFailed() ? -Errno.EIO.number() : 0;
    }

    /**
     * A write that had to be durable has failed. If the disk is at fault, then the kernel may have used its one report
     * of an error for this write, and earlier ones may be lost: no flush succeeds any more.
     *
     * @param result 0 or below
     * @return minus the errno
     */
    long lost(long result) {
        if (result == -Errno.EIO.number()) {
            flushes.fail();
        }
        return result < 0 ? result : -Errno.EIO.number();
    }
}
