package ringfence.blk.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import ringfence.blk.image.Image;
import ringfence.virtio.BlkLayout;

/** The configuration space, as a pure function of image and options. Virtio 1.3, 5.2.4. */
final class BlkConfig {
    /** Bytes of the whole space: secure-erase and zoned fields follow ours, and read as zeroes. */
    static final int SIZE = 96;
    /** Longest discard and write-zeroes: 1 GiB, so that one request does not occupy the disk for seconds. */
    static final int MAX_RANGE_SECTORS = 1 << 21;

    private static final int COMMON_QUEUE_SIZE = 128;

    private BlkConfig() {}

    static byte[] of(Image image, BlkOptions options, boolean writeback) {
        ByteBuffer space = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        space.putLong(BlkLayout.CONFIG_CAPACITY, image.sectors());
        space.putInt(BlkLayout.CONFIG_SEG_MAX, segMax(options.queueSize()));
        space.putInt(BlkLayout.CONFIG_BLK_SIZE, image.blockSize());
        int blocks = image.physicalBlockSize() / image.blockSize();
        space.put(BlkLayout.CONFIG_PHYSICAL_BLOCK_EXP, (byte) Integer.numberOfTrailingZeros(blocks));
        space.putShort(BlkLayout.CONFIG_MIN_IO_SIZE, (short) blocks);
        space.put(BlkLayout.CONFIG_WRITEBACK, (byte) (writeback ? 1 : 0));
        space.putShort(BlkLayout.CONFIG_NUM_QUEUES, (short) options.queues());
        if (!image.readOnly()) {
            space.putInt(BlkLayout.CONFIG_MAX_WRITE_ZEROES_SECTORS, MAX_RANGE_SECTORS);
            space.putInt(BlkLayout.CONFIG_MAX_WRITE_ZEROES_SEG, 1);
        }
        if (!image.readOnly() && options.sparse()) {
            space.put(BlkLayout.CONFIG_WRITE_ZEROES_MAY_UNMAP, (byte) 1);
            space.putInt(BlkLayout.CONFIG_MAX_DISCARD_SECTORS, MAX_RANGE_SECTORS);
            space.putInt(BlkLayout.CONFIG_MAX_DISCARD_SEG, 1);
            space.putInt(BlkLayout.CONFIG_DISCARD_ALIGNMENT, image.physicalBlockSize() / BlkLayout.SECTOR);
        }
        return space.array();
    }

    /**
     * Data segments of one request. Header and status take two descriptors; the front-end chooses the queue's size, and
     * we only know ours, so this stays within the size that front-ends commonly choose.
     */
    private static int segMax(int queueSize) {
        return Math.max(1, Math.min(queueSize, COMMON_QUEUE_SIZE) - 2);
    }
}
