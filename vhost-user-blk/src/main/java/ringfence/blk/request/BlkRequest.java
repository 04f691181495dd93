package ringfence.blk.request;

import java.lang.foreign.MemorySegment;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * One request, parsed and checked. Reused from chain to chain: {@link #parse} allocates nothing. One owner thread.
 *
 * <p>{@code struct virtio_blk_req { le32 type; le32 reserved; le64 sector; u8 data[]; u8 status; }}, where discard and
 * write-zeroes carry {@code struct { le64 sector; le32 num_sectors; le32 flags; }} as data. Virtio 1.3, 5.2.6.
 */
public final class BlkRequest {
    /** Most data bytes of one request: its length and the status byte still fit the used element's count. */
    public static final long MAX_DATA = Integer.MAX_VALUE & -4096;

    private int head;
    private Operation operation = Operation.NONE;
    private int status;
    private long offset;
    private long bytes;
    private boolean unmap;
    private MemorySegment statusSegment;
    private long statusOffset;

    /**
     * Reads and checks a chain. Afterwards {@link #operation} says what to do; for {@link Operation#NONE} the
     * {@link #status} is final. Whatever the guest wrote, this neither throws nor reads a guest byte twice.
     */
    public void parse(ChainCursor chain, BlkLimits limits) {
        head = chain.head();
        bytes = 0;
        if (!findStatus(chain) || chain.readableBytes() < BlkLayout.HEADER) {
            decide(BlkLayout.S_IOERR);
            return;
        }
        int type = chain.readInt(BlkLayout.HEADER_TYPE);
        long sector = chain.readLong(BlkLayout.HEADER_SECTOR);
        switch (type) {
            case BlkLayout.T_IN -> transfer(Operation.READ, sector, chain.writableBytes() - 1, limits);
            case BlkLayout.T_OUT -> transfer(Operation.WRITE, sector, chain.readableBytes() - BlkLayout.HEADER, limits);
            case BlkLayout.T_FLUSH -> operation = Operation.FLUSH;
            case BlkLayout.T_GET_ID -> id(chain.writableBytes() - 1);
            case BlkLayout.T_DISCARD -> range(Operation.DISCARD, chain, limits, limits.maxDiscardSectors());
            case BlkLayout.T_WRITE_ZEROES ->
                range(Operation.WRITE_ZEROES, chain, limits, limits.maxWriteZeroesSectors());
            default -> decide(BlkLayout.S_UNSUPP);
        }
    }

    /** The status byte is the last writable one. Without one, nothing can be told to the driver. */
    private boolean findStatus(ChainCursor chain) {
        if (chain.writable() == 0) {
            statusSegment = null;
            return false;
        }
        int last = chain.count() - 1;
        statusSegment = chain.segment(last);
        statusOffset = chain.offset(last) + chain.length(last) - 1;
        return true;
    }

    private void transfer(Operation what, long sector, long length, BlkLimits limits) {
        if (what == Operation.WRITE && limits.readOnly()
                || length > MAX_DATA
                || !limits.holds(sector, length >> BlkLimits.SECTOR_SHIFT)
                || !limits.isAligned(sector << BlkLimits.SECTOR_SHIFT, length)) {
            decide(BlkLayout.S_IOERR);
        } else if (length == 0) {
            decide(BlkLayout.S_OK);
        } else {
            operation = what;
            offset = sector << BlkLimits.SECTOR_SHIFT;
            bytes = length;
        }
    }

    private void id(long room) {
        operation = Operation.GET_ID;
        bytes = Math.min(room, BlkLayout.ID);
    }

    /** One range a request, as the config space tells the driver; unknown flags are UNSUPP (5.2.6.2). */
    private void range(Operation what, ChainCursor chain, BlkLimits limits, int maxSectors) {
        if (maxSectors == 0) {
            decide(BlkLayout.S_UNSUPP);
            return;
        }
        if (limits.readOnly() || chain.readableBytes() != BlkLayout.HEADER + BlkLayout.RANGE) {
            decide(BlkLayout.S_IOERR);
            return;
        }
        long sector = chain.readLong(BlkLayout.HEADER + BlkLayout.RANGE_SECTOR);
        long sectors = Integer.toUnsignedLong(chain.readInt(BlkLayout.HEADER + BlkLayout.RANGE_SECTORS));
        int flags = chain.readInt(BlkLayout.HEADER + BlkLayout.RANGE_FLAGS);
        if ((flags & ~BlkLayout.RANGE_UNMAP) != 0 || what == Operation.DISCARD && flags != 0) {
            decide(BlkLayout.S_UNSUPP);
        } else if (sectors > maxSectors
                || !limits.holds(sector, sectors)
                || !limits.isAligned(sector << BlkLimits.SECTOR_SHIFT, sectors << BlkLimits.SECTOR_SHIFT)) {
            decide(BlkLayout.S_IOERR);
        } else if (sectors == 0) {
            decide(BlkLayout.S_OK);
        } else {
            operation = what;
            offset = sector << BlkLimits.SECTOR_SHIFT;
            bytes = sectors << BlkLimits.SECTOR_SHIFT;
            unmap = flags != 0;
        }
    }

    private void decide(int verdict) {
        operation = Operation.NONE;
        status = verdict;
    }

    /** The chain's head. */
    public int head() {
        return head;
    }

    /** What to do. */
    public Operation operation() {
        return operation;
    }

    /** The final status, {@code BlkLayout.S_}; only for {@link Operation#NONE}. */
    public int status() {
        return status;
    }

    /** First byte in the image; for READ, WRITE, DISCARD and WRITE_ZEROES. */
    public long offset() {
        return offset;
    }

    /** Bytes of the range or of the data; for GET_ID, what the driver has room for, at most {@link #BlkLayout.ID}. */
    public long bytes() {
        return bytes;
    }

    /** Whether WRITE_ZEROES may deallocate the range. */
    public boolean unmap() {
        return unmap;
    }

    /** Where the status byte lies; null if the driver left no room for one. */
    public MemorySegment statusSegment() {
        return statusSegment;
    }

    /** The status byte's place in {@link #statusSegment}. */
    public long statusOffset() {
        return statusOffset;
    }
}
