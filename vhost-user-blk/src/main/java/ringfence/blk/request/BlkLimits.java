package ringfence.blk.request;

/**
 * What a request is checked against. Immutable; a new one is made when the driver has negotiated.
 *
 * @param capacity sectors of 512 bytes
 * @param readOnly writes, discards and write-zeroes fail
 * @param blockSize bytes that offset and length have to be a multiple of; a power of two, at least 512
 * @param maxDiscardSectors longest discard; 0 if VIRTIO_BLK_F_DISCARD is not negotiated: discards are unknown
 * @param maxWriteZeroesSectors longest write-zeroes; 0 if VIRTIO_BLK_F_WRITE_ZEROES is not negotiated
 */
public record BlkLimits(
        long capacity, boolean readOnly, int blockSize, int maxDiscardSectors, int maxWriteZeroesSectors) {
    /** log2 of the bytes in a sector: virtio's unit, whatever the block size. */
    public static final int SECTOR_SHIFT = 9;

    /** Bytes in a sector. */
    public static final int SECTOR_SIZE = 1 << SECTOR_SHIFT;

    /** Checks the ranges. */
    public BlkLimits {
        if (capacity < 0 || capacity > Long.MAX_VALUE >> SECTOR_SHIFT) {
            throw new IllegalArgumentException("capacity=" + capacity);
        }
        if (blockSize < SECTOR_SIZE || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException("blockSize=" + blockSize);
        }
        if (maxDiscardSectors < 0 || maxWriteZeroesSectors < 0) {
            throw new IllegalArgumentException(
                    "maxDiscardSectors=" + maxDiscardSectors + " maxWriteZeroesSectors=" + maxWriteZeroesSectors);
        }
    }

    /** Whether {@code sectors} from {@code sector} lie inside; both may be any 64 bits that a guest wrote. */
    boolean holds(long sector, long sectors) {
        return sector >= 0 && sectors >= 0 && sectors <= capacity && sector <= capacity - sectors;
    }

    /** Whether a byte range lies on block boundaries. */
    boolean isAligned(long offset, long bytes) {
        return ((offset | bytes) & blockSize - 1) == 0;
    }
}
