package ringfence.virtio;

/**
 * The block device, virtio 1.3, 5.2: feature bits (masks), configuration space, requests. All fields are little-endian.
 * <pre>
 * struct virtio_blk_req { le32 type; le32 reserved; le64 sector; u8 data[]; u8 status; };
 * struct virtio_blk_discard_write_zeroes { le64 sector; le32 num_sectors; le32 flags; };
 * </pre>
 */
public final class BlkLayout {
    /** Unit of capacity and of {@code sector}, bytes. */
    public static final int SECTOR = 512;

    /** VIRTIO_BLK_F_SIZE_MAX. */
    public static final long F_SIZE_MAX = 1L << 1;
    /** VIRTIO_BLK_F_SEG_MAX. */
    public static final long F_SEG_MAX = 1L << 2;
    /** VIRTIO_BLK_F_GEOMETRY. */
    public static final long F_GEOMETRY = 1L << 4;
    /** VIRTIO_BLK_F_RO. */
    public static final long F_RO = 1L << 5;
    /** VIRTIO_BLK_F_BLK_SIZE. */
    public static final long F_BLK_SIZE = 1L << 6;
    /** VIRTIO_BLK_F_FLUSH. */
    public static final long F_FLUSH = 1L << 9;
    /** VIRTIO_BLK_F_TOPOLOGY. */
    public static final long F_TOPOLOGY = 1L << 10;
    /** VIRTIO_BLK_F_CONFIG_WCE. */
    public static final long F_CONFIG_WCE = 1L << 11;
    /** VIRTIO_BLK_F_MQ. */
    public static final long F_MQ = 1L << 12;
    /** VIRTIO_BLK_F_DISCARD. */
    public static final long F_DISCARD = 1L << 13;
    /** VIRTIO_BLK_F_WRITE_ZEROES. */
    public static final long F_WRITE_ZEROES = 1L << 14;

    /** Bytes of a request's header. */
    public static final int HEADER = 16;
    /** {@code type}, le32. */
    public static final int HEADER_TYPE = 0;
    /** {@code sector}, le64. */
    public static final int HEADER_SECTOR = 8;

    /** VIRTIO_BLK_T_IN: read. */
    public static final int T_IN = 0;
    /** VIRTIO_BLK_T_OUT: write. */
    public static final int T_OUT = 1;
    /** VIRTIO_BLK_T_FLUSH. */
    public static final int T_FLUSH = 4;
    /** VIRTIO_BLK_T_GET_ID. */
    public static final int T_GET_ID = 8;
    /** VIRTIO_BLK_T_DISCARD. */
    public static final int T_DISCARD = 11;
    /** VIRTIO_BLK_T_WRITE_ZEROES. */
    public static final int T_WRITE_ZEROES = 13;
    /** Bytes of the answer to GET_ID; no terminating zero if it is full. */
    public static final int ID = 20;

    /** VIRTIO_BLK_S_OK. */
    public static final int S_OK = 0;
    /** VIRTIO_BLK_S_IOERR. */
    public static final int S_IOERR = 1;
    /** VIRTIO_BLK_S_UNSUPP. */
    public static final int S_UNSUPP = 2;

    /** Bytes of one discard or write-zeroes segment. */
    public static final int RANGE = 16;
    /** {@code sector} of a segment, le64. */
    public static final int RANGE_SECTOR = 0;
    /** {@code num_sectors} of a segment, le32. */
    public static final int RANGE_SECTORS = 8;
    /** {@code flags} of a segment, le32. */
    public static final int RANGE_FLAGS = 12;
    /** Flag of a write-zeroes segment: it may be unmapped. Reserved, and refused, for discard. */
    public static final int RANGE_UNMAP = 1;

    /** {@code capacity}, le64, sectors. */
    public static final int CONFIG_CAPACITY = 0;
    /** {@code size_max}, le32. */
    public static final int CONFIG_SIZE_MAX = 8;
    /** {@code seg_max}, le32. */
    public static final int CONFIG_SEG_MAX = 12;
    /** {@code geometry}: le16 cylinders, u8 heads, u8 sectors. */
    public static final int CONFIG_GEOMETRY = 16;
    /** {@code blk_size}, le32. */
    public static final int CONFIG_BLK_SIZE = 20;
    /** {@code topology.physical_block_exp}, u8. */
    public static final int CONFIG_PHYSICAL_BLOCK_EXP = 24;
    /** {@code topology.alignment_offset}, u8. */
    public static final int CONFIG_ALIGNMENT_OFFSET = 25;
    /** {@code topology.min_io_size}, le16. */
    public static final int CONFIG_MIN_IO_SIZE = 26;
    /** {@code topology.opt_io_size}, le32. */
    public static final int CONFIG_OPT_IO_SIZE = 28;
    /** {@code writeback}, u8. */
    public static final int CONFIG_WRITEBACK = 32;
    /** {@code num_queues}, le16. */
    public static final int CONFIG_NUM_QUEUES = 34;
    /** {@code max_discard_sectors}, le32. */
    public static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    /** {@code max_discard_seg}, le32. */
    public static final int CONFIG_MAX_DISCARD_SEG = 40;
    /** {@code discard_sector_alignment}, le32. */
    public static final int CONFIG_DISCARD_ALIGNMENT = 44;
    /** {@code max_write_zeroes_sectors}, le32. */
    public static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;
    /** {@code max_write_zeroes_seg}, le32. */
    public static final int CONFIG_MAX_WRITE_ZEROES_SEG = 52;
    /** {@code write_zeroes_may_unmap}, u8. */
    public static final int CONFIG_WRITE_ZEROES_MAY_UNMAP = 56;
    /** Bytes of the configuration space up to here; secure erase and zoned fields (up to 96) are not offered. */
    public static final int CONFIG = 60;

    private BlkLayout() {}
}
