package ringfence.blk.engine;

import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.request.BlkRequest;
import ringfence.blk.request.Operation;
import ringfence.linux.Errno;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Files;
import ringfence.linux.Linux;
import ringfence.linux.uring.CompletionHandler;
import ringfence.linux.uring.Ring;
import ringfence.linux.uring.RingAbilities;
import ringfence.linux.uring.RingFile;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.queue.ChainCursor;

/**
 * io_uring: the guest's pages are the buffers, the image is a fixed file, completions are polled in batches while the
 * worker is awake. One owner thread. Through the page cache, a read first tries whether it is answered at once.
 *
 * <p>The bytes under way are bounded, and so is the time that a successor waits for the {@link Fence}: a request's data
 * goes to the kernel in pieces of at most {@link #PIECE} bytes, one at a time.
 */
final class UringEngine implements QueueEngine {
    /** Most bytes of one entry. */
    static final int PIECE = 1 << 20;

    private static final int RWF_NOWAIT = 8;
    private static final int MAX_RETRIES = 100;
    /** What has been prepared goes to the kernel when it is this part of what is there already. */
    private static final int PART = 4;

    private static final int IMAGE_SLOT = 0;
    private static final int FENCE_SLOT = 1;
    private static final int FILES = 2;

    private final Files files;
    private final Media media;
    private final Image image;
    private final Ring ring;
    private final EventFd announcement;
    private final RingFile file;
    private final Zeroing zeroing;
    private final Bounce bounce;
    private final SmallRequests small;
    private final BlkRequest request = new BlkRequest();
    private final UringSlot[] slots;
    private final int[] free;
    private final long budget;
    private final BlkCounters counters;
    private final CompletionHandler onCompletion = this::completed;
    private boolean tryNow;
    private int freeCount;
    private boolean armed;
    private int prepared;
    private long bytesUnderWay;
    private Completions reaping;

    /**
     * An engine for one queue.
     *
     * @param queueSize most requests at a time
     * @param maxBuffers most buffers of a chain
     * @param budget bytes under way above which it takes no further request
     * @param counters of its queue
     */
    UringEngine(
            Linux linux,
            RingAbilities abilities,
            Media media,
            Fence fence,
            int queueSize,
            int maxBuffers,
            long budget,
            BlkCounters counters) {
        files = linux.files();
        this.counters = counters;
        this.media = media;
        this.budget = budget;
        image = media.image();
        zeroing = new Zeroing(linux, image);
        bounce = new Bounce(files, image);
        small = new SmallRequests(media, counters);
        tryNow = !image.direct();
        slots = new UringSlot[queueSize];
        free = new int[queueSize];
        for (int i = 0; i < queueSize; i++) {
            slots[i] = new UringSlot(i, maxBuffers);
            free[i] = queueSize - 1 - i;
        }
        freeCount = queueSize;
        ring = Ring.open(linux, abilities, queueSize, 2 * queueSize);
        ring.fileTable(FILES);
        file = ring.install(IMAGE_SLOT, image.fd());
        ring.install(FENCE_SLOT, fence.fd());
        announcement = linux.events().eventFd();
        ring.eventFd(announcement);
        ring.announces(false);
    }

    @Override
    public boolean canTake() {
        return freeCount > 0 && bytesUnderWay < budget;
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
        UringSlot slot = slots[free[--freeCount]];
        slot.begin(request);
        slot.unmap &= media.isSparse();
        switch (slot.operation) {
            case READ, WRITE -> transfer(slot, chain, done);
            case FLUSH -> flush(slot, done);
            case DISCARD, WRITE_ZEROES -> allocate(slot);
            case NONE, GET_ID -> throw new IllegalStateException("operation=" + slot.operation);
        }
    }

    private void transfer(UringSlot slot, ChainCursor chain, Completions done) {
        boolean reading = slot.operation == Operation.READ;
        boolean now = reading && tryNow;
        slot.transfer.begin(chain, request, now);
        if (image.direct() && !slot.transfer.isAligned(image.memoryAlignment())) {
            long result = reading ? bounce.read(chain, request) : bounce.write(chain, request);
            if (reading || result < 0 || !media.writeThrough()) {
                end(slot, result >= 0, done);
            } else {
                sync(slot);
            }
        } else if (now && readNow(slot)) {
            end(slot, true, done);
        } else {
            prepare(slot);
        }
    }

    /** Reads what needs no waiting for the disk. True: that was all. */
    private boolean readNow(UringSlot slot) {
        long result = files.tryRead(image.fd(), slot.transfer.vector(), slot.transfer.fileOffset(), RWF_NOWAIT);
        if (result > 0) {
            slot.transfer.advance(result);
        } else if (result == -Errno.ENOTSUP.number()) {
            tryNow = false;
        }
        return slot.transfer.left() == 0;
    }

    /** Prepares the next piece of a transfer. */
    private void prepare(UringSlot slot) {
        Transfer rest = slot.transfer;
        boolean reading = slot.operation == Operation.READ;
        boolean taken;
        slot.underWay = (int) Math.min(PIECE, rest.left());
        if (rest.isVectored()) {
            taken = reading
                    ? ring.readv(file, rest.piece(PIECE), rest.fileOffset(), slot.number)
                    : ring.writev(file, rest.piece(PIECE), rest.fileOffset(), slot.number);
        } else {
            taken = reading
                    ? ring.read(file, rest.segment(), rest.at(), slot.underWay, rest.fileOffset(), slot.number)
                    : ring.write(file, rest.segment(), rest.at(), slot.underWay, rest.fileOffset(), slot.number);
        }
        bytesUnderWay += slot.underWay;
        prepared(taken);
    }

    private void prepared(boolean taken) {
        if (!taken) {
            throw new IllegalStateException("the ring has fewer entries than there are slots");
        }
        prepared++;
        // An idle disk begins at once; a busy one has enough to do until a batch has come together. A whole queue in
        // one call would leave it idle first, and us afterwards.
        if (prepared * PART >= inFlight() - prepared) {
            flush();
        }
    }

    private void flush(UringSlot slot, Completions done) {
        if (media.flushes().isFailed()) {
            end(slot, false, done);
        } else {
            sync(slot);
        }
    }

    private void sync(UringSlot slot) {
        slot.syncing = true;
        prepared(ring.dataSync(file, slot.number));
    }

    private void allocate(UringSlot slot) {
        boolean punch = slot.operation == Operation.DISCARD || slot.unmap;
        int mode = punch ? Zeroing.PUNCH_HOLE : Zeroing.ZERO_RANGE;
        prepared(ring.allocate(file, mode, slot.offset, slot.bytes, slot.number));
    }

    @Override
    public void flush() {
        if (prepared > 0) {
            prepared -= ring.submit();
        }
    }

    @Override
    public int reap(Completions done) {
        flush(); // what a busy kernel has not taken, and what completions have prepared
        reaping = done;
        int before = freeCount;
        ring.reap(onCompletion);
        flush();
        return freeCount - before;
    }

    private void completed(long token, int result) {
        UringSlot slot = slots[(int) token];
        bytesUnderWay -= slot.underWay;
        int covered = slot.underWay;
        slot.underWay = 0;
        boolean again = result == -Errno.EINTR.number() || result == -Errno.EAGAIN.number();
        if (again && slot.retries++ < MAX_RETRIES) {
            repeat(slot);
            return;
        }
        if (slot.syncing) {
            end(slot, media.flushed(result) == 0, reaping);
            return;
        }
        switch (slot.operation) {
            case READ, WRITE -> transferred(slot, result, covered);
            case DISCARD, WRITE_ZEROES -> allocated(slot, result);
            case FLUSH, NONE, GET_ID -> throw new IllegalStateException("operation=" + slot.operation);
        }
    }

    private void repeat(UringSlot slot) {
        if (slot.syncing) {
            sync(slot);
        } else if (slot.operation == Operation.READ || slot.operation == Operation.WRITE) {
            prepare(slot);
        } else {
            allocate(slot);
        }
    }

    private void transferred(UringSlot slot, int result, int covered) {
        if (result <= 0 || result > covered) {
            end(slot, false, reaping); // an error, or a file that ends early
            return;
        }
        slot.transfer.advance(result);
        slot.retries = 0;
        if (slot.transfer.left() > 0) {
            prepare(slot);
        } else {
            changed(slot, slot.operation == Operation.WRITE);
        }
    }

    private void allocated(UringSlot slot, int result) {
        long outcome = result;
        if (Zeroing.isUnsupported(outcome)) {
            outcome = slot.operation == Operation.DISCARD
                    ? zeroing.discard(slot.offset, slot.bytes)
                    : zeroing.writeZeroes(slot.offset, slot.bytes, slot.unmap);
        }
        if (outcome < 0) {
            end(slot, false, reaping);
        } else {
            changed(slot, true);
        }
    }

    private void changed(UringSlot slot, boolean changes) {
        if (changes && media.writeThrough()) {
            sync(slot);
        } else {
            end(slot, true, reaping);
        }
    }

    private void end(UringSlot slot, boolean ok, Completions done) {
        free[freeCount++] = slot.number;
        counters.done(slot.operation, slot.bytes, ok);
        slot.end(ok, done);
    }

    @Override
    public void timed(long nanos) {
        counters.took(nanos);
    }

    @Override
    public int inFlight() {
        return slots.length - freeCount;
    }

    @Override
    public Fd wakeup() {
        return announcement.fd();
    }

    @Override
    public boolean armWakeup() {
        flush();
        armed = true;
        ring.announces(true);
        return prepared > 0 || ring.hasCompletions();
    }

    @Override
    public void disarmWakeup() {
        if (armed) {
            armed = false;
            ring.announces(false);
            announcement.drain();
        }
    }

    @Override
    public void close() {
        ring.close();
        announcement.close();
    }
}
