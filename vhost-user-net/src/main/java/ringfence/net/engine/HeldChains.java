package ringfence.net.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.IoVec;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * Receive buffers that were taken from the ring and hold nothing yet, first taken first, as one I/O vector. One owner
 * thread; nothing here allocates but the constructor.
 */
final class HeldChains {
    /** Pieces that one call takes (IOV_MAX), less one for what does not fit. */
    static final int MAX_PIECES = 1023;

    private final int[] heads;
    private final long[] lengths;
    private final int[] pieces;
    private final Place[] counts;
    private final int mask;
    private final IoVec vector = new IoVec(MAX_PIECES + 1);
    private int first;
    private int count;
    private long bytes;

    /** Where the two bytes of num_buffers lie; a driver may cut its header anywhere. */
    private static final class Place {
        private MemorySegment low;
        private long lowAt;
        private MemorySegment high;
        private long highAt;

        void set(MemorySegment segment, long at, boolean second) {
            if (second) {
                high = segment;
                highAt = at;
            } else {
                low = segment;
                lowAt = at;
            }
        }
    }

    /** @param capacity most chains, a power of two */
    HeldChains(int capacity) {
        heads = new int[capacity];
        lengths = new long[capacity];
        pieces = new int[capacity];
        counts = new Place[capacity];
        for (int i = 0; i < capacity; i++) {
            counts[i] = new Place();
        }
        mask = capacity - 1;
    }

    /** Appends a chain with at least a header's length to write into. @return false if there is no room for it */
    boolean add(ChainCursor chain) {
        if (count == heads.length || vector.count() + chain.writable() > MAX_PIECES) {
            return false;
        }
        int at = first + count & mask;
        heads[at] = chain.head();
        lengths[at] = chain.writableBytes();
        if (chain.writableBytes() >= NetLayout.HEADER) {
            locate(chain, NetLayout.HEADER_NUM_BUFFERS, counts[at], false);
            locate(chain, NetLayout.HEADER_NUM_BUFFERS + 1, counts[at], true);
        }
        int before = vector.count();
        chain.fillWritable(vector, 0, chain.writableBytes());
        pieces[at] = vector.count() - before;
        bytes += chain.writableBytes();
        count++;
        return true;
    }

    private static void locate(ChainCursor chain, long byteAt, Place place, boolean second) {
        int buffer = chain.readable();
        long at = byteAt;
        while (at >= chain.length(buffer)) {
            at -= chain.length(buffer++);
        }
        place.set(chain.segment(buffer), chain.offset(buffer) + at, second);
    }

    /** Writes num_buffers into the header that the first chain begins with. */
    void numBuffers(int number) {
        Place place = counts[first];
        place.low.set(ValueLayout.JAVA_BYTE, place.lowAt, (byte) number);
        place.high.set(ValueLayout.JAVA_BYTE, place.highAt, (byte) (number >>> 8));
    }

    /** Drops the first chains: they are used. */
    void removeFirst(int chains) {
        int gone = 0;
        for (int i = 0; i < chains; i++) {
            int at = first + i & mask;
            gone += pieces[at];
            bytes -= lengths[at];
        }
        vector.removeFirst(gone);
        first = first + chains & mask;
        count -= chains;
    }

    /** Drops the last chain. @return its head */
    int removeLast() {
        int at = first + count - 1 & mask;
        vector.removeLast(pieces[at]);
        bytes -= lengths[at];
        count--;
        return heads[at];
    }

    int head(int i) {
        return heads[first + i & mask];
    }

    /** Bytes that chain {@code i} takes. */
    long length(int i) {
        return lengths[first + i & mask];
    }

    int count() {
        return count;
    }

    /** Bytes that all of them take. */
    long bytes() {
        return bytes;
    }

    /** All of them; there is room for one entry more. */
    IoVec vector() {
        return vector;
    }
}
