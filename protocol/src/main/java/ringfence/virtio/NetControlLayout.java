package ringfence.virtio;

/**
 * What a network device is told beside its packets (virtio 1.3, 5.1.6.5), and what only a VMM has to know of it; the rest
 * is in {@link NetLayout}. All fields are little-endian.
 * <pre>
 * struct virtio_net_ctrl { u8 class; u8 command; u8 data[]; u8 ack; };
 * struct virtio_net_ctrl_mac { le32 entries; u8 macs[entries][6]; };
 * </pre>
 */
public final class NetControlLayout {
    /** VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: the driver switches its own offloads off and on. */
    public static final long F_CTRL_GUEST_OFFLOADS = 1L << 2;
    /** VIRTIO_NET_F_GUEST_UFO. */
    public static final long F_GUEST_UFO = 1L << 10;
    /** VIRTIO_NET_F_HOST_UFO. */
    public static final long F_HOST_UFO = 1L << 14;
    /** VIRTIO_NET_F_CTRL_VQ: there is a control queue. */
    public static final long F_CTRL_VQ = 1L << 17;
    /** VIRTIO_NET_F_CTRL_RX: it sets receive modes. */
    public static final long F_CTRL_RX = 1L << 18;
    /** VIRTIO_NET_F_GUEST_ANNOUNCE: the driver can announce itself on the network. */
    public static final long F_GUEST_ANNOUNCE = 1L << 21;
    /** VIRTIO_NET_F_CTRL_MAC_ADDR: the control queue sets the address. */
    public static final long F_CTRL_MAC_ADDR = 1L << 23;

    /** VIRTIO_NET_S_ANNOUNCE, of the configuration's {@code status}: the driver is to announce itself. */
    public static final int S_ANNOUNCE = 2;
    /** The configuration's {@code speed} where it is not known. */
    public static final int SPEED_UNKNOWN = -1;
    /** The configuration's {@code duplex}: full. */
    public static final int DUPLEX_FULL = 1;

    /** Bytes of class and command. */
    public static final int HEADER = 2;
    /** {@code ack}: done. */
    public static final int OK = 0;
    /** {@code ack}: not done. */
    public static final int ERR = 1;

    /** Class of receive modes. */
    public static final int RX = 0;
    /** Receive all that passes. u8: on or off. */
    public static final int RX_PROMISC = 0;
    /** Receive all that is for groups. u8: on or off. */
    public static final int RX_ALLMULTI = 1;
    /** Class of addresses. */
    public static final int MAC = 1;
    /** The addresses to receive: two tables, of stations and of groups. */
    public static final int MAC_TABLE_SET = 0;
    /** The device's own address: u8[6]. */
    public static final int MAC_ADDR_SET = 1;
    /** Class of announcements. */
    public static final int ANNOUNCE = 3;
    /** The driver has announced itself. No data. */
    public static final int ANNOUNCE_ACK = 0;
    /** Class of multiqueue. */
    public static final int MQ = 4;
    /** How many pairs of queues are in use: le16. */
    public static final int MQ_VQ_PAIRS_SET = 0;

    /** Class of the driver's offloads. */
    public static final int GUEST_OFFLOADS = 5;
    /** Those that it takes from now on: le64, their feature bits. */
    public static final int GUEST_OFFLOADS_SET = 0;
    /** What such a command may switch, virtio 1.3, 5.1.6.5.6. */
    public static final long SWITCHABLE = NetLayout.F_GUEST_CSUM
            | NetLayout.F_GUEST_TSO4
            | NetLayout.F_GUEST_TSO6
            | NetLayout.F_GUEST_ECN
            | F_GUEST_UFO
            | NetLayout.F_GUEST_USO4
            | NetLayout.F_GUEST_USO6;

    /** Bytes of {@code entries}. */
    public static final int TABLE_HEADER = 4;
    /** Bytes of an address. */
    public static final int ADDRESS = 6;

    private NetControlLayout() {}
}
