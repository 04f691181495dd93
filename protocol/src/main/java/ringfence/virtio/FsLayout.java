package ringfence.virtio;

/**
 * The file system device, virtio 1.3, 5.11: configuration space and queues. Queue 0 is for requests that must not wait
 * behind others (FUSE_FORGET, FUSE_INTERRUPT), the request queues follow.
 *
 * <pre>
 * struct virtio_fs_config { char tag[36]; le32 num_request_queues; le32 notify_buf_size; };
 * </pre>
 */
public final class FsLayout {
    /** Bytes of {@code tag}: UTF-8, filled up with zeros, without one at the end where it is as long as that. */
    public static final int TAG = 36;
    /** {@code num_request_queues}, le32, 1 or more. */
    public static final int CONFIG_QUEUES = 36;
    /** Bytes of the configuration space of a device without a notification queue. */
    public static final int CONFIG = 40;
    /** Queues before the request queues. */
    public static final int FIRST_REQUEST_QUEUE = 1;

    private FsLayout() {}
}
