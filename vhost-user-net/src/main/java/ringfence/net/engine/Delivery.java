package ringfence.net.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.net.packet.Drop;
import ringfence.vhostuser.link.ChainSupply;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/** Copies frames into a guest's receive buffers, virtio 1.3, 5.1.6.4, and counts them. One thread; allocates nothing. */
public final class Delivery {
    /** What has become of a frame. */
    public enum Result {
        /** The guest has it, when the used ring is published. */
        DONE,
        /** It did not fit into what the guest has posted: it is lost, and counted. */
        LOST,
        /** The guest has posted nothing: try again when it has. */
        NO_CHAIN
    }

    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int headerSize;
    private final boolean merged;
    private final QueueCounters counters;
    private final ChainCursor first = ChainCursor.forQueueSize(NetOptions.MAX_QUEUE_SIZE);
    private final ChainCursor next = ChainCursor.forQueueSize(NetOptions.MAX_QUEUE_SIZE);
    private final int[] heads = new int[NetOptions.MAX_QUEUE_SIZE];
    private final int[] parts = new int[NetOptions.MAX_QUEUE_SIZE];
    /** How many of the heads are taken and not used. */
    private int held;

    private boolean unpublished;

    /**
     * For one queue.
     *
     * @param headerSize bytes before each frame, 10 or 12
     * @param merged whether a frame may fill several chains
     */
    public Delivery(int headerSize, boolean merged, QueueCounters counters) {
        this.headerSize = headerSize;
        this.merged = merged;
        this.counters = counters;
    }

    /**
     * Delivers a frame; {@link ChainSupply#publish} is the caller's.
     *
     * @param memory ours: a header of twelve bytes, then the frame; a shorter header is made of it in place
     * @param length of both
     */
    public Result deliver(ChainSupply supply, MemorySegment memory, long at, int length) {
        long from = at;
        if (headerSize != NetLayout.HEADER) {
            from += NetLayout.HEADER - headerSize;
            MemorySegment.copy(memory, at, memory, from, headerSize);
        }
        return deliver(supply, memory, from, length - (int) (from - at), null, 0, length - (int) (from - at));
    }

    /** Whether {@link #deliverFrom} can be used. */
    public boolean canDeliverFrom() {
        return headerSize == NetLayout.HEADER;
    }

    /**
     * As {@link #deliver}, of a frame whose end still lies in a chain of somebody else, which may change it meanwhile.
     *
     * @param head ours, from its beginning on: a header of twelve bytes that says one buffer, and the beginning of the frame
     * @param present bytes of that
     * @param chain with the rest; null: there is none
     * @param rest where in the chain's readable part
     * @param total bytes of all
     */
    public Result deliverFrom(
            ChainSupply supply, MemorySegment head, int present, ChainCursor chain, long rest, int total) {
        return deliver(supply, head, 0, present, chain, rest, total);
    }

    private Result deliver(
            ChainSupply supply, MemorySegment memory, long from, int present, ChainCursor chain, long rest, int total) {
        if (!firstBuffer(supply)) {
            return Result.NO_CHAIN;
        }
        heads[0] = first.head();
        held = 1;
        long placed = place(first, 0, total, memory, from, present, chain, rest);
        parts[0] = (int) placed;
        while (placed < total && merged && held < heads.length && supply.next(next)) {
            heads[held++] = next.head();
            if (!isBuffer(next)) {
                break; // given back; its turn comes when those before it are used
            }
            long part = place(next, placed, total, memory, from, present, chain, rest);
            parts[held - 1] = (int) part;
            placed += part;
        }
        if (placed < total) {
            abandon(supply);
            counters.dropped(Drop.NO_BUFFER);
            return Result.LOST;
        }
        finish(supply, memory, from);
        counters.passed((long) total - headerSize);
        return Result.DONE;
    }

    /** Fills a chain with what comes after the first {@code done} bytes. @return how many it took */
    private static long place(
            ChainCursor to,
            long done,
            int total,
            MemorySegment memory,
            long from,
            int present,
            ChainCursor chain,
            long rest) {
        long placed = 0;
        if (done < present) {
            placed = to.copyOut(0, memory, from + done, present - done);
            if (placed < present - done) {
                return placed;
            }
        }
        return chain == null || done + placed == total
                ? placed
                : placed + to.copyOut(placed, chain, rest + done + placed - present, total - done - placed);
    }

    /** Gives back what a frame had taken that has not been delivered: after an error in {@link #deliverFrom}. */
    public void abandon(ChainSupply supply) {
        while (held > 0) {
            supply.putBack(heads[--held]);
        }
    }

    /** Whether chains have been used since this was last asked. */
    public boolean takeUnpublished() {
        boolean was = unpublished;
        unpublished = false;
        return was;
    }

    private void finish(ChainSupply supply, MemorySegment memory, long from) {
        if (held > 1 && headerSize == NetLayout.HEADER) {
            memory.set(LE16, from + NetLayout.HEADER_NUM_BUFFERS, (short) held);
            writeCount(memory, from + NetLayout.HEADER_NUM_BUFFERS);
            memory.set(LE16, from + NetLayout.HEADER_NUM_BUFFERS, (short) 1); // the same head may go to others
        }
        unpublished = true;
        for (int i = 0; i < held; i++) {
            supply.use(heads[i], parts[i]);
        }
        held = 0;
    }

    /** Into the first chain, wherever its driver has cut the header. */
    private void writeCount(MemorySegment memory, long from) {
        first.copyOut(NetLayout.HEADER_NUM_BUFFERS, memory, from, 2);
    }

    /** The next chain that can take a frame; those that cannot are handed back. */
    private boolean firstBuffer(ChainSupply supply) {
        for (int i = 0; i < heads.length && supply.next(first); i++) {
            if (isBuffer(first)) {
                return true;
            }
            supply.use(first.head(), 0);
            unpublished = true;
            counters.dropped(Drop.MALFORMED_CHAIN);
        }
        return false;
    }

    private boolean isBuffer(ChainCursor chain) {
        return chain.readable() == 0 && chain.writableBytes() > headerSize;
    }
}
