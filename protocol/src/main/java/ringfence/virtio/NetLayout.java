package ringfence.virtio;

/**
 * The network device, virtio 1.3, 5.1: feature bits (masks), configuration space, the header before each frame. All
 * fields are little-endian.
 * <pre>
 * struct virtio_net_hdr { u8 flags; u8 gso_type; le16 hdr_len; le16 gso_size; le16 csum_start; le16 csum_offset;
 *                         le16 num_buffers; };
 * </pre>
 */
public final class NetLayout {
    /** VIRTIO_NET_F_CSUM: the device takes frames without a checksum. */
    public static final long F_CSUM = 1L;
    /** VIRTIO_NET_F_GUEST_CSUM: the driver does. */
    public static final long F_GUEST_CSUM = 1L << 1;
    /** VIRTIO_NET_F_MTU. */
    public static final long F_MTU = 1L << 3;
    /** VIRTIO_NET_F_MAC. */
    public static final long F_MAC = 1L << 5;
    /** VIRTIO_NET_F_GUEST_TSO4. */
    public static final long F_GUEST_TSO4 = 1L << 7;
    /** VIRTIO_NET_F_GUEST_TSO6. */
    public static final long F_GUEST_TSO6 = 1L << 8;
    /** VIRTIO_NET_F_GUEST_ECN. */
    public static final long F_GUEST_ECN = 1L << 9;
    /** VIRTIO_NET_F_HOST_TSO4. */
    public static final long F_HOST_TSO4 = 1L << 11;
    /** VIRTIO_NET_F_HOST_TSO6. */
    public static final long F_HOST_TSO6 = 1L << 12;
    /** VIRTIO_NET_F_HOST_ECN. */
    public static final long F_HOST_ECN = 1L << 13;
    /** VIRTIO_NET_F_MRG_RXBUF: a frame may fill several receive buffers. */
    public static final long F_MRG_RXBUF = 1L << 15;
    /** VIRTIO_NET_F_STATUS. */
    public static final long F_STATUS = 1L << 16;
    /** VIRTIO_NET_F_MQ: several pairs of queues. */
    public static final long F_MQ = 1L << 22;
    /** VIRTIO_NET_F_GUEST_USO4. */
    public static final long F_GUEST_USO4 = 1L << 54;
    /** VIRTIO_NET_F_GUEST_USO6. */
    public static final long F_GUEST_USO6 = 1L << 55;
    /** VIRTIO_NET_F_HOST_USO. */
    public static final long F_HOST_USO = 1L << 56;
    /** VIRTIO_NET_F_SPEED_DUPLEX. */
    public static final long F_SPEED_DUPLEX = 1L << 63;

    /** Bytes of the header, with VERSION_1 or MRG_RXBUF. */
    public static final int HEADER = 12;
    /** Bytes of the header without either: it ends before {@code num_buffers}. */
    public static final int LEGACY_HEADER = 10;
    /** {@code flags}, u8. */
    public static final int HEADER_FLAGS = 0;
    /** {@code gso_type}, u8. */
    public static final int HEADER_GSO_TYPE = 1;
    /** {@code hdr_len}, le16. */
    public static final int HEADER_HDR_LEN = 2;
    /** {@code gso_size}, le16. */
    public static final int HEADER_GSO_SIZE = 4;
    /** {@code csum_start}, le16. */
    public static final int HEADER_CSUM_START = 6;
    /** {@code csum_offset}, le16. */
    public static final int HEADER_CSUM_OFFSET = 8;
    /** {@code num_buffers}, le16. */
    public static final int HEADER_NUM_BUFFERS = 10;

    /** Flag VIRTIO_NET_HDR_F_NEEDS_CSUM. */
    public static final int NEEDS_CSUM = 1;
    /** VIRTIO_NET_HDR_GSO_NONE. */
    public static final int GSO_NONE = 0;
    /** VIRTIO_NET_HDR_GSO_TCPV4. */
    public static final int GSO_TCPV4 = 1;
    /** VIRTIO_NET_HDR_GSO_TCPV6. */
    public static final int GSO_TCPV6 = 4;
    /** VIRTIO_NET_HDR_GSO_UDP_L4. */
    public static final int GSO_UDP_L4 = 5;
    /** VIRTIO_NET_HDR_GSO_ECN, beside a TCP type. */
    public static final int GSO_ECN = 0x80;

    /** {@code mac}, 6 bytes. */
    public static final int CONFIG_MAC = 0;
    /** {@code status}, le16. */
    public static final int CONFIG_STATUS = 6;
    /** {@code max_virtqueue_pairs}, le16. */
    public static final int CONFIG_MAX_PAIRS = 8;
    /** {@code mtu}, le16. */
    public static final int CONFIG_MTU = 10;
    /** {@code speed}, le32, Mbit/s. */
    public static final int CONFIG_SPEED = 12;
    /** {@code duplex}, u8; 1 is full. */
    public static final int CONFIG_DUPLEX = 16;
    /** Bytes of the configuration space up to the fields of RSS, which is not offered. */
    public static final int CONFIG = 17;
    /** VIRTIO_NET_S_LINK_UP, of {@code status}. */
    public static final int S_LINK_UP = 1;

    private NetLayout() {}
}
