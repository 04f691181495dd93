package ringfence.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.linux.IoVec;
import ringfence.memory.MemoryTable;

/**
 * One descriptor chain, copied out of the ring and checked: a list of buffers, those that the device reads first, then
 * those that it writes. Reused from chain to chain; nothing here allocates. Belongs to the queue's owner thread.
 *
 * <p>A buffer never crosses a region and has at most 1 GiB: what a guest's descriptor names is split where needed.
 * Empty descriptors leave no buffer. The buffers' <em>contents</em> are still the guest's, which may change them at any
 * time: read each byte once.
 */
public final class ChainCursor {
    /** Longest buffer; a longer descriptor becomes several buffers. */
    static final int MAX_PIECE = 1 << 30;

    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int[] regions;
    private final long[] offsets;
    private final int[] lengths;
    private MemoryTable table;
    private int head;
    private int count;
    private int readable;
    private long readableBytes;
    private long writableBytes;

    /**
     * An empty cursor.
     *
     * @param capacity most buffers that it takes, above 0; a chain with more breaks its queue
     */
    public ChainCursor(int capacity) {
        regions = new int[capacity];
        offsets = new long[capacity];
        lengths = new int[capacity];
    }

    /** A cursor for the longest chain that a queue of this size may hold, with room for buffers that are split. */
    public static ChainCursor forQueueSize(int size) {
        return new ChainCursor(size + 16);
    }

    void begin(MemoryTable memory, int newHead) {
        if (table != memory) {
            table = memory;
        }
        head = newHead;
        count = 0;
        readable = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /** Appends a buffer; false if it is full. */
    boolean add(int region, long offset, int length, boolean write) {
        int at = count;
        if (at >= lengths.length) {
            return false;
        }
        regions[at] = region;
        offsets[at] = offset;
        lengths[at] = length;
        count = at + 1;
        if (write) {
            writableBytes += length;
        } else {
            readable = at + 1;
            readableBytes += length;
        }
        return true;
    }

    /** Index of the chain's first descriptor: what completes it. */
    public int head() {
        return head;
    }

    /** Number of buffers. */
    public int count() {
        return count;
    }

    /** Number of buffers to read: indices 0 to this. */
    public int readable() {
        return readable;
    }

    /** Number of buffers to write: the rest. */
    public int writable() {
        return count - readable;
    }

    /** Bytes of all buffers to read, 0 to 2^32. */
    public long readableBytes() {
        return readableBytes;
    }

    /** Bytes of all buffers to write, 0 to 2^32. */
    public long writableBytes() {
        return writableBytes;
    }

    /** The memory region of buffer {@code i}; the buffer begins at {@link #offset}. */
    public MemorySegment segment(int i) {
        return table.segment(regions[check(i)]);
    }

    /** Where in {@link #segment} buffer {@code i} begins. */
    public long offset(int i) {
        return offsets[check(i)];
    }

    /** Bytes of buffer {@code i}, 1 to 2^30. */
    public int length(int i) {
        return lengths[check(i)];
    }

    /** Guest-physical address of buffer {@code i}. */
    public long guestAddress(int i) {
        return table.guestAddress(regions[check(i)]) + offsets[i];
    }

    private int check(int i) {
        if (i >= count) {
            throw new IndexOutOfBoundsException("buffer " + i + " of " + count);
        }
        return i;
    }

    /**
     * Reads a little-endian word of the device-readable part.
     *
     * @param at byte offset in that part
     * @throws IndexOutOfBoundsException if it is too short
     */
    public int readInt(long at) {
        if (readable > 0 && at >= 0 && at <= lengths[0] - 4) {
            return segment(0).get(LE32, offsets[0] + at);
        }
        return (int) readSlowly(at, 4);
    }

    /** As {@link #readInt}, 8 bytes. */
    public long readLong(long at) {
        if (readable > 0 && at >= 0 && at <= lengths[0] - 8) {
            return segment(0).get(LE64, offsets[0] + at);
        }
        return readSlowly(at, 8);
    }

    private long readSlowly(long at, int bytes) {
        if (at < 0 || at > readableBytes - bytes) {
            throw new IndexOutOfBoundsException("offset=" + at + " length=" + bytes + " readable=" + readableBytes);
        }
        int buffer = 0;
        long offset = at;
        long value = 0;
        for (int i = 0; i < bytes; i++, offset++) {
            while (offset >= lengths[buffer]) {
                offset -= lengths[buffer++];
            }
            value |= (segment(buffer).get(ValueLayout.JAVA_BYTE, offsets[buffer] + offset) & 0xFFL) << 8 * i;
        }
        return value;
    }

    /**
     * Writes one byte of the device-writable part, such as a status.
     *
     * @param at byte offset in that part
     * @throws IndexOutOfBoundsException if it is too short
     */
    public void writeByte(long at, int value) {
        if (at < 0 || at >= writableBytes) {
            throw new IndexOutOfBoundsException("offset=" + at + " writable=" + writableBytes);
        }
        int buffer = readable;
        long offset = at;
        if (offset == writableBytes - 1) {
            buffer = count - 1;
            offset = lengths[buffer] - 1L;
        }
        while (offset >= lengths[buffer]) {
            offset -= lengths[buffer++];
        }
        segment(buffer).set(ValueLayout.JAVA_BYTE, offsets[buffer] + offset, (byte) value);
    }

    /**
     * Gathers from the device-readable part.
     *
     * @param at byte offset in that part, 0 or above
     * @param into where to
     * @param offset byte offset in {@code into}
     * @param bytes how many at most, 0 or above
     * @return how many there were
     * @throws InternalError if a part is no longer there: at once, and not in what this thread does next
     */
    public long copyIn(long at, MemorySegment into, long offset, long bytes) {
        return copy(0, readable, at, into, offset, bytes, false);
    }

    /** Scatters into the device-writable part; as {@link #copyIn}, the other way. */
    public long copyOut(long at, MemorySegment from, long offset, long bytes) {
        return copy(readable, count, at, from, offset, bytes, true);
    }

    /**
     * Scatters into the device-writable part what another chain has in its device-readable part.
     *
     * @param at byte offset in this chain's part, 0 or above
     * @param fromAt byte offset in the other one's, 0 or above
     * @param bytes how many at most, 0 or above
     * @return how many there were, and room for
     */
    public long copyOut(long at, ChainCursor from, long fromAt, long bytes) {
        long skip = fromAt;
        long done = 0;
        for (int i = 0; i < from.readable && done < bytes; i++) {
            long length = from.lengths[i];
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long part = Math.min(length - skip, bytes - done);
            long placed = copyOut(at + done, from.segment(i), from.offsets[i] + skip, part);
            done += placed;
            if (placed < part) {
                break;
            }
            skip = 0;
        }
        if (done > 0) {
            from.table.raiseFaults();
        }
        return done;
    }

    private long copy(int first, int end, long at, MemorySegment other, long offset, long bytes, boolean out) {
        long skip = at;
        long done = 0;
        for (int i = first; i < end && done < bytes; i++) {
            long length = lengths[i];
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long part = Math.min(length - skip, bytes - done);
            if (out) {
                MemorySegment.copy(other, offset + done, segment(i), offsets[i] + skip, part);
            } else {
                MemorySegment.copy(segment(i), offsets[i] + skip, other, offset + done, part);
            }
            done += part;
            skip = 0;
        }
        if (done > 0) {
            table.raiseFaults();
        }
        return done;
    }

    /**
     * Appends a range of the device-readable part to an I/O vector; of buffers that lie side by side, one entry.
     *
     * @param from byte offset in that part, 0 or above
     * @param bytes how many at most
     * @return how many there were
     */
    public long fillReadable(IoVec vector, long from, long bytes) {
        return fill(vector, 0, readable, from, bytes);
    }

    /** As {@link #fillReadable}, of the device-writable part. */
    public long fillWritable(IoVec vector, long from, long bytes) {
        return fill(vector, readable, count, from, bytes);
    }

    /** Buffers that lie side by side become one entry. */
    private long fill(IoVec vector, int first, int end, long from, long bytes) {
        long skip = from;
        long done = 0;
        int i = first;
        while (i < end && done < bytes) {
            int region = regions[i];
            long offset = offsets[i] + skip;
            long length = lengths[i++] - skip;
            if (length <= 0) {
                skip = -length;
                continue;
            }
            skip = 0;
            while (i < end && regions[i] == region && offsets[i] == offset + length) {
                length += lengths[i++];
            }
            long part = Math.min(length, bytes - done);
            vector.add(table.segment(region), offset, part);
            done += part;
        }
        return done;
    }

    @Override
    public String toString() {
        return "chain head=" + head + " readable=" + readable + "/" + readableBytes + " writable=" + writable() + "/"
                + writableBytes;
    }
}
