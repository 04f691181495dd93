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
        if (!firstBuffer(supply)) {
            return Result.NO_CHAIN;
        }
        long from = at;
        if (headerSize != NetLayout.HEADER) {
            from += NetLayout.HEADER - headerSize;
            MemorySegment.copy(memory, at, memory, from, headerSize);
        }
        long total = length - (from - at);
        long placed = first.copyOut(0, memory, from, total);
        heads[0] = first.head();
        parts[0] = (int) placed;
        int chains = 1;
        while (placed < total && merged && chains < heads.length && supply.next(next)) {
            heads[chains] = next.head();
            if (!isBuffer(next)) {
                chains++;
                break; // given back; its turn comes when those before it are used
            }
            parts[chains] = (int) next.copyOut(0, memory, from + placed, total - placed);
            placed += parts[chains++];
        }
        if (placed < total) {
            for (int i = chains - 1; i >= 0; i--) {
                supply.putBack(heads[i]);
            }
            counters.dropped(Drop.NO_BUFFER);
            return Result.LOST;
        }
        finish(supply, memory, at, from, chains);
        counters.passed(total - headerSize);
        return Result.DONE;
    }

    /** Whether chains have been used since this was last asked. */
    public boolean takeUnpublished() {
        boolean was = unpublished;
        unpublished = false;
        return was;
    }

    private void finish(ChainSupply supply, MemorySegment memory, long at, long from, int chains) {
        if (chains > 1 && from == at) {
            memory.set(LE16, at + NetLayout.HEADER_NUM_BUFFERS, (short) chains);
            writeCount(memory, at + NetLayout.HEADER_NUM_BUFFERS);
        }
        unpublished = true;
        for (int i = 0; i < chains; i++) {
            supply.use(heads[i], parts[i]);
        }
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
