package ringfence.virtio;

/**
 * The traditional memory balloon (virtio 1.3, 5.5). All fields are little-endian.
 * <pre>
 * struct virtio_balloon_config { le32 num_pages; le32 actual; le32 free_page_hint_cmd_id; le32 poison_val; };
 * struct virtio_balloon_stat { le16 tag; le64 val; };                                                        10 bytes
 * </pre>
 */
public final class BalloonLayout {
    /** VIRTIO_BALLOON_F_STATS_VQ: the guest tells of its memory. */
    public static final long STATS_VQ = 1L << 1;
    /** VIRTIO_BALLOON_F_DEFLATE_ON_OOM: the guest may take pages back that it needs badly. */
    public static final long DEFLATE_ON_OOM = 1L << 2;
    /** VIRTIO_BALLOON_F_REPORTING (VIRTIO_BALLOON_F_PAGE_REPORTING): the guest tells of free pages. */
    public static final long REPORTING = 1L << 5;

    /** Pages that the guest gives. */
    public static final int INFLATE_QUEUE = 0;
    /** Pages that it takes back. */
    public static final int DEFLATE_QUEUE = 1;
    /** With STATS_VQ. */
    public static final int STATS_QUEUE = 2;
    /** With REPORTING. */
    public static final int REPORTING_QUEUE = 4;

    /** Bytes of the configuration space. */
    public static final int CONFIG = 16;
    /** How many pages the device wants; read-only for the driver. */
    public static final int NUM_PAGES = 0;
    /** How many it has, as the driver says. */
    public static final int ACTUAL = 4;

    /** A page of this device has 2 to that many bytes, whatever the guest's own have. */
    public static final int PAGE_SHIFT = 12;

    /** Bytes of a statistic. */
    public static final int STAT = 10;
    /** Where its value begins, behind its tag. */
    public static final int STAT_VALUE = 2;

    private BalloonLayout() {}
}
