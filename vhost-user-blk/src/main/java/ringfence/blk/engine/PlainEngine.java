package ringfence.blk.engine;

import ringfence.blk.request.BlkRequest;
import ringfence.blk.request.Operation;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Files;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * Plain system calls, each request answered inside {@link #submit}. One owner thread; nothing is ever in flight, so
 * nothing lands after the process is gone.
 */
final class PlainEngine implements QueueEngine {
    private static final int RWF_DSYNC = 2;

    private final Files files;
    private final Media media;
    private final Fd fd;
    private final int alignment;
    private final Zeroing zeroing;
    private final Bounce bounce;
    private final SmallRequests small;
    private final BlkRequest request = new BlkRequest();
    private final Transfer transfer;
    private final BlkCounters counters;

    /** @param maxBuffers most buffers of a chain @param counters of its queue */
    PlainEngine(Linux linux, Media media, int maxBuffers, BlkCounters counters) {
        this.counters = counters;
        files = linux.files();
        this.media = media;
        fd = media.image().fd();
        alignment = media.image().memoryAlignment();
        zeroing = new Zeroing(linux, media.image());
        bounce = new Bounce(files, media.image());
        small = new SmallRequests(media, counters);
        transfer = new Transfer(maxBuffers);
    }

    @Override
    public void refuse(ChainCursor chain, Completions done) {
        small.refuse(chain, request, done);
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        request.parse(chain, media.limits());
        if (small.answer(chain, request, done)) {
            return;
        }
        long result = switch (request.operation()) {
            case READ -> read(chain);
            case WRITE -> write(chain);
            case FLUSH -> media.flush(files);
            case DISCARD -> durable(zeroing.discard(request.offset(), request.bytes()));
            case WRITE_ZEROES ->
                durable(zeroing.writeZeroes(request.offset(), request.bytes(), request.unmap() && media.isSparse()));
            case NONE, GET_ID -> throw new IllegalStateException("operation=" + request.operation());
        };
        boolean hasRead = result >= 0 && request.operation() == Operation.READ;
        counters.done(request.operation(), request.bytes(), result >= 0);
        int status = result < 0 ? BlkLayout.S_IOERR : BlkLayout.S_OK;
        SmallRequests.complete(request, status, hasRead ? (int) request.bytes() + 1 : 1, done);
    }

    private long read(ChainCursor chain) {
        transfer.begin(chain, request, false);
        if (alignment > 1 && !transfer.isAligned(alignment)) {
            return bounce.read(chain, request);
        }
        do {
            long result = transfer.isVectored()
                    ? files.tryRead(fd, transfer.vector(), transfer.fileOffset(), 0)
                    : files.tryRead(fd, transfer.segment(), transfer.at(), transfer.left(), transfer.fileOffset());
            if (!advance(result)) {
                return result < 0 ? result : -Errno.EIO.number();
            }
        } while (transfer.left() > 0);
        return 0;
    }

    private long write(ChainCursor chain) {
        boolean dataSync = media.writeThrough();
        transfer.begin(chain, request, dataSync);
        if (alignment > 1 && !transfer.isAligned(alignment)) {
            return durable(bounce.write(chain, request));
        }
        do {
            long result = transfer.isVectored()
                    ? files.tryWrite(fd, transfer.vector(), transfer.fileOffset(), dataSync ? RWF_DSYNC : 0)
                    : files.tryWrite(fd, transfer.segment(), transfer.at(), transfer.left(), transfer.fileOffset());
            if (!advance(result)) {
                return dataSync ? media.lost(result) : result < 0 ? result : -Errno.EIO.number();
            }
        } while (transfer.left() > 0);
        return 0;
    }

    /** False for an error, or for a file that ends early. */
    private boolean advance(long result) {
        if (result == -Errno.EINTR.number()) {
            return true;
        }
        if (result <= 0) {
            return false;
        }
        transfer.advance(result);
        return true;
    }

    /** Adds what makes a change durable, where the driver expects that of each. */
    private long durable(long result) {
        return result < 0 || !media.writeThrough() ? result : media.flush(files);
    }

    @Override
    public void timed(long nanos) {
        counters.took(nanos);
    }

    @Override
    public void close() {}
}
