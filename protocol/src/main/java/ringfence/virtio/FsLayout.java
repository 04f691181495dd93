package ringfence.virtio;

/** A file system device, virtio 1.3, 5.11: {@code struct virtio_fs_config { u8 tag[36]; le32 num_request_queues; }}. */
public final class FsLayout {
    /** Bytes of the configuration space, without that of the notification queue, which nobody offers. */
    public static final int CONFIG = 40;
    /** The name to mount it by, padded with zeros. */
    public static final int CONFIG_TAG = 0;
    /** Most bytes of that. */
    public static final int MAX_TAG = 36;
    /** How many request queues there are. */
    public static final int CONFIG_QUEUES = 36;

    /** Queue 0: what must not wait, such as FORGET. */
    public static final int HIGH_PRIORITY_QUEUE = 0;
    /** Request queues that a front-end may have without saying so. */
    public static final int USUAL_QUEUES = 8;

    private FsLayout() {}
}
