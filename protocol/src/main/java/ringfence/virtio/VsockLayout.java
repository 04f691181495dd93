package ringfence.virtio;

/**
 * The socket device (virtio 1.3, 5.10). All fields are little-endian.
 * <pre>
 * struct virtio_vsock_hdr { le64 src_cid; le64 dst_cid; le32 src_port; le32 dst_port; le32 len; le16 type; le16 op;
 *                           le32 flags; le32 buf_alloc; le32 fwd_cnt; };                                    44 bytes
 * struct virtio_vsock_config { le64 guest_cid; };
 * </pre>
 */
public final class VsockLayout {
    /** To the driver. */
    public static final int RX_QUEUE = 0;
    /** From the driver. */
    public static final int TX_QUEUE = 1;
    /** Events for the driver, such as the loss of all connections. */
    public static final int EVENT_QUEUE = 2;
    /** How many queues there are. */
    public static final int QUEUES = 3;

    /** Bytes of the configuration space. */
    public static final int CONFIG = 8;
    /** The host's address (VMADDR_CID_HOST). */
    public static final long HOST_CID = 2;
    /** The first address that a guest may have. */
    public static final long FIRST_GUEST_CID = 3;
    /** The last one: the next is "any". */
    public static final long LAST_GUEST_CID = 0xFFFF_FFFEL;

    /** Bytes of a packet's header. */
    public static final int HEADER = 44;

    public static final int SRC_CID = 0;
    public static final int DST_CID = 8;
    public static final int SRC_PORT = 16;
    public static final int DST_PORT = 20;
    public static final int LEN = 24;
    public static final int TYPE = 28;
    public static final int OP = 30;
    public static final int FLAGS = 32;
    public static final int BUF_ALLOC = 36;
    public static final int FWD_CNT = 40;

    /** VIRTIO_VSOCK_TYPE_STREAM. */
    public static final int STREAM = 1;

    /** VIRTIO_VSOCK_OP_: a connection is asked for. */
    public static final int REQUEST = 1;
    /** It is accepted. */
    public static final int RESPONSE = 2;
    /** It is refused, or has ended. */
    public static final int RST = 3;
    /** The sender will not receive, or not send, or neither, any more. */
    public static final int SHUTDOWN = 4;
    /** Data. */
    public static final int RW = 5;
    /** How much room the sender has. */
    public static final int CREDIT_UPDATE = 6;
    /** That is asked for. */
    public static final int CREDIT_REQUEST = 7;

    /** VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE. */
    public static final int SHUTDOWN_RECEIVE = 1;
    /** VIRTIO_VSOCK_SHUTDOWN_F_SEND. */
    public static final int SHUTDOWN_SEND = 2;

    private VsockLayout() {}
}
