package ringfence.virtio.queue;

import static ringfence.virtio.SplitLayout.DESCRIPTOR;
import static ringfence.virtio.SplitLayout.INDIRECT;
import static ringfence.virtio.SplitLayout.MAX_INDIRECT_BYTES;
import static ringfence.virtio.SplitLayout.NEXT;
import static ringfence.virtio.SplitLayout.NO_INTERRUPT;
import static ringfence.virtio.SplitLayout.NO_NOTIFY;
import static ringfence.virtio.SplitLayout.WRITE;

import java.lang.foreign.MemorySegment;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.QueueFault.Reason;

/**
 * Device side of a split virtqueue, virtio 1.3, 2.7. One owner thread. Nothing here allocates, except for a fault.
 */
public final class SplitQueue implements Virtqueue {
    private static final long MAX_CHAIN_BYTES = 1L << 32;

    private final QueueConfig config;
    private final MemoryTable memory;
    private final SplitRing ring;
    private final int size;
    private final int mask;
    private final boolean eventIdx;
    /** One bit per head: taken and not completed. */
    private final long[] taken;

    private int nextAvailable;
    /** avail.idx as last read: what lies before it needs no further acquire. */
    private int seenAvailable;
    /** Chains before it have been looked ahead at. */
    private int foreseen;

    private final LookAhead ahead = new LookAhead();

    private int usedIndex;
    /** used.idx at the last {@link #needsInterrupt}. */
    private int signalledUsed;

    private boolean interruptOwed;
    private int inFlight;
    private boolean halted;
    private QueueFault fault;
    /** null: off. */
    private WriteMarks marks;

    // The region of the last buffer: most guests have one or two, so the search is nearly always spared.
    private int hotRegion;
    private long hotBase;
    private long hotSize;

    private SplitQueue(QueueConfig config, MemoryTable memory, SplitRing ring, QueueState from) {
        this.config = config;
        this.memory = memory;
        this.ring = ring;
        size = config.size();
        mask = size - 1;
        eventIdx = config.eventIdx();
        taken = new long[(size + 63) / 64];
        nextAvailable = from.availableIndex();
        seenAvailable = nextAvailable;
        foreseen = nextAvailable;
        usedIndex = from.usedIndex();
        signalledUsed = usedIndex;
        interruptOwed = nextAvailable != 0 || usedIndex != 0;
    }

    /**
     * Starts a queue. Writes nothing yet. If it does not start from {@link QueueState#FRESH} it owes an interrupt, as
     * nobody knows whether the last one was sent.
     *
     * @throws QueueException if its size, an alignment or a place is wrong
     */
    public static SplitQueue start(QueueConfig config, MemoryTable memory, QueueState from) {
        return new SplitQueue(config, memory, SplitRing.of(config, memory), from);
    }

    /**
     * The state of a queue of which only the available index is known, as vhost-user's SET_VRING_BASE has it: the used
     * index is what stands in the used ring.
     *
     * @param availableIndex the low 16 bits count
     * @throws QueueException as {@link #start}
     */
    public static QueueState resume(QueueConfig config, MemoryTable memory, int availableIndex) {
        return new QueueState(
                availableIndex & 0xFFFF, SplitRing.of(config, memory).usedIndexAcquire());
    }

    @Override
    public Verdict poll(ChainCursor chain) {
        if (halted) {
            return halted();
        }
        int next = nextAvailable;
        if (next == seenAvailable) {
            int published = ring.availableIndexAcquire();
            if (published == next) {
                return Verdict.EMPTY;
            }
            if ((published - next & 0xFFFF) > size) {
                return broken(Reason.AVAILABLE_INDEX_JUMP, -1, -1, published);
            }
            seenAvailable = published;
        }
        if (next == foreseen) {
            lookAhead(next);
        }
        Verdict verdict = take(ring.availableEntry(next & mask), chain);
        if (verdict == Verdict.CHAIN) {
            nextAvailable = next + 1 & 0xFFFF;
        }
        return verdict;
    }

    /** One chain alone is not worth it, and where the last buffer was, the next ones will be. */
    private void lookAhead(int next) {
        int chains = Math.min(seenAvailable - next & 0xFFFF, LookAhead.MOST);
        foreseen = next + chains & 0xFFFF;
        if (chains > 1 && hotSize > 0) {
            ahead.read(ring, next, chains, mask, memory.segment(hotRegion), hotBase);
        }
    }

    @Override
    public Verdict load(int head, ChainCursor chain) {
        return halted ? halted() : take(head, chain);
    }

    private Verdict take(int head, ChainCursor chain) {
        if (head < 0 || head >= size) {
            return broken(Reason.HEAD_OUT_OF_RANGE, head, -1, head);
        }
        long bit = 1L << head;
        if ((taken[head >> 6] & bit) != 0) {
            return broken(Reason.HEAD_IN_FLIGHT, head, -1, head);
        }
        if (!walk(head, chain)) {
            return Verdict.BROKEN;
        }
        taken[head >> 6] |= bit;
        inFlight++;
        if (marks != null) {
            marks.record(chain);
        }
        return Verdict.CHAIN;
    }

    private boolean walk(int head, ChainCursor chain) {
        chain.begin(memory, head);
        return walk(chain, ring.descriptors(), 0, size, head, 0, false, false) && bounded(chain);
    }

    /**
     * Copies descriptors into the cursor, from {@code index} of a table on. At most {@code size} buffers in all,
     * 2.7.5.3.1, so a loop ends.
     *
     * @param base byte offset of the table in its segment
     * @param entries of the table
     * @param done descriptors before this table
     * @param writing whether one of them was device-writable
     * @param nested whether this is an indirect table
     */
    private boolean walk(
            ChainCursor chain,
            MemorySegment table,
            long base,
            int entries,
            int index,
            int done,
            boolean writing,
            boolean nested) {
        boolean wrote = writing;
        int at = index;
        for (int steps = done; steps < size; steps++) {
            long place = base + SplitRing.descriptorAt(at);
            long address = SplitRing.descriptorAddress(table, place);
            long rest = SplitRing.descriptorRest(table, place);
            int flags = (int) (rest >>> 32) & 0xFFFF;
            long length = rest & 0xFFFF_FFFFL;
            if ((flags & INDIRECT) != 0) {
                return enter(chain, nested, at, address, length, flags, steps, wrote);
            }
            boolean write = (flags & WRITE) != 0;
            if (wrote && !write) {
                return refuse(Reason.READABLE_AFTER_WRITABLE, chain, at, flags);
            }
            wrote = write;
            if (length != 0 && !append(chain, at, address, length, write)) {
                return false;
            }
            if ((flags & NEXT) == 0) {
                return true;
            }
            at = (int) (rest >>> 48);
            if (at >= entries) {
                return refuse(Reason.NEXT_OUT_OF_RANGE, chain, -1, at);
            }
        }
        return refuse(Reason.CHAIN_TOO_LONG, chain, at, size);
    }

    /** Goes on in an indirect table, which ends the chain. Its descriptor's WRITE flag counts for nothing, 2.7.5.3.2. */
    private boolean enter(
            ChainCursor chain,
            boolean nested,
            int at,
            long address,
            long length,
            int flags,
            int steps,
            boolean writing) {
        if (!config.indirect()) {
            return refuse(Reason.INDIRECT_NOT_NEGOTIATED, chain, at, flags);
        }
        if (nested) {
            return refuse(Reason.INDIRECT_NESTED, chain, at, flags);
        }
        if ((flags & NEXT) != 0) {
            return refuse(Reason.INDIRECT_WITH_NEXT, chain, at, flags);
        }
        if (length == 0 || length % DESCRIPTOR != 0 || length > MAX_INDIRECT_BYTES) {
            return refuse(Reason.INDIRECT_BAD_LENGTH, chain, at, length);
        }
        int region = region(address, length);
        if (region < 0) {
            return refuse(Reason.INDIRECT_OUTSIDE_MEMORY, chain, at, address);
        }
        long base = address - hotBase;
        return walk(chain, memory.segment(region), base, (int) (length / DESCRIPTOR), 0, steps, writing, true);
    }

    private boolean append(ChainCursor chain, int at, long address, long length, boolean write) {
        int region = region(address, length);
        if (region < 0 || length > ChainCursor.MAX_PIECE) {
            return appendPieces(chain, at, address, length, write);
        }
        return chain.add(region, address - hotBase, (int) length, write)
                || refuse(Reason.TOO_MANY_PIECES, chain, at, chain.count());
    }

    /** A buffer that straddles adjacent regions, is longer than a piece, or is no memory. */
    private boolean appendPieces(ChainCursor chain, int at, long address, long length, boolean write) {
        for (long done = 0; done < length; ) {
            int region = region(address + done, 1);
            if (region < 0) {
                return refuse(Reason.BUFFER_OUTSIDE_MEMORY, chain, at, address);
            }
            long offset = address + done - hotBase;
            int piece = (int) Math.min(Math.min(length - done, hotSize - offset), ChainCursor.MAX_PIECE);
            if (!chain.add(region, offset, piece, write)) {
                return refuse(Reason.TOO_MANY_PIECES, chain, at, chain.count());
            }
            done += piece;
        }
        return true;
    }

    /** The region that holds the range, or -1. If there is one, it is the hot one from now on. */
    private int region(long address, long length) {
        long offset = address - hotBase;
        if (offset >= 0 && offset <= hotSize - length) {
            return hotRegion;
        }
        int region = memory.find(address, length);
        if (region >= 0) {
            hotRegion = region;
            hotBase = memory.guestAddress(region);
            hotSize = memory.size(region);
        }
        return region;
    }

    private boolean bounded(ChainCursor chain) {
        long bytes = chain.readableBytes() + chain.writableBytes();
        return bytes <= MAX_CHAIN_BYTES || refuse(Reason.TOO_MANY_BYTES, chain, -1, bytes);
    }

    @Override
    public boolean armKick() {
        if (eventIdx) {
            ring.availableEventOpaque(nextAvailable);
            if (marks != null) {
                marks.availableEvent();
            }
        } else {
            ring.usedFlagsOpaque(0);
            if (marks != null) {
                marks.usedFlags();
            }
        }
        SplitRing.fullFence();
        return ring.availableIndexAfterFence() != nextAvailable;
    }

    /** With EVENT_IDX there is nothing to do: avail_event stays behind, and the driver is silent until it is moved. */
    @Override
    public void disarmKick() {
        if (!eventIdx) {
            ring.usedFlagsOpaque(NO_NOTIFY);
            if (marks != null) {
                marks.usedFlags();
            }
        }
    }

    @Override
    public void complete(int head, int written) {
        use(head, written);
        publish();
    }

    @Override
    public void use(int head, int written) {
        release(head);
        int index = usedIndex;
        usedIndex = index + 1 & 0xFFFF;
        ring.usedElement(index & mask, head, written);
        if (marks != null) {
            marks.completed(head, index & mask);
        }
    }

    @Override
    public void publish() {
        ring.usedIndexRelease(usedIndex);
        if (marks != null) {
            marks.usedIndex();
        }
    }

    @Override
    public void putBack(int head) {
        release(head);
        nextAvailable = nextAvailable - 1 & 0xFFFF;
    }

    private void release(int head) {
        long bit = 1L << head;
        if (head < 0 || head >= size || (taken[head >> 6] & bit) == 0) {
            throw new IllegalStateException("completed but not in flight: head=" + head + " size=" + size);
        }
        taken[head >> 6] &= ~bit;
        inFlight--;
    }

    @Override
    public boolean needsInterrupt() {
        if (interruptOwed) {
            interruptOwed = false;
            signalledUsed = usedIndex;
            return true;
        }
        int now = usedIndex;
        int old = signalledUsed;
        if (now == old) {
            return false;
        }
        signalledUsed = now;
        SplitRing.fullFence(); // used.idx is visible before we look whether anyone waits for it, 2.7.7.2
        return eventIdx
                ? SplitRing.passes(ring.usedEventOpaque(), now, old)
                : (ring.availableFlagsOpaque() & NO_INTERRUPT) == 0;
    }

    @Override
    public void oweInterrupt() {
        interruptOwed = true;
    }

    @Override
    public QueueFault fault() {
        return fault;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public QueueConfig config() {
        return config;
    }

    @Override
    public MemoryTable memory() {
        return memory;
    }

    @Override
    public void log(DirtyLog log, long usedRingAddress) {
        if (inFlight != 0) {
            throw new IllegalStateException("in flight: " + inFlight);
        }
        marks = log == null ? null : new WriteMarks(log, size, usedRingAddress);
    }

    @Override
    public QueueState stop() {
        halted = true;
        return new QueueState(nextAvailable, usedIndex);
    }

    private Verdict halted() {
        if (fault == null) {
            throw new IllegalStateException("the queue is stopped");
        }
        return Verdict.BROKEN;
    }

    private boolean refuse(Reason reason, ChainCursor chain, int descriptor, long value) {
        broken(reason, chain.head(), descriptor, value);
        return false;
    }

    private Verdict broken(Reason reason, int head, int descriptor, long value) {
        fault = new QueueFault(reason, head, descriptor, value);
        halted = true;
        return Verdict.BROKEN;
    }
}
