package ringfence.vmm.device.remote;

import java.util.Arrays;
import java.util.OptionalInt;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.vmm.config.NetOffloads;

/**
 * What the front-end has to know of a device type: data, so that a further type is a further record.
 *
 * @param type virtio device type
 * @param features those that the guest is offered if the back-end has them, and of which the back-end is told
 * @param own those that the guest is offered whatever the back-end has, for they are served here
 * @param queuesPerUnit how many queues the number that a back-end claims counts as one: for pairs, 2
 * @param enabledAtFirst so many queues are enabled when they start, the others when they are asked for
 * @param tracked whether requests in flight must not be lost: then a queue that had some is taken over only by a back-end
 *     that was told of them
 * @param mtu what the back-end is told of the longest packet, if it wants to know; 0: nothing
 * @param configSize bytes of configuration space, 0 to 256; it is the back-end's, read by GET_CONFIG
 * @param atMost whether that is only the most that there may be: then the back-end says how much there is, perhaps nothing
 * @param queuesOffset where in it the number of queues (le16) stands, which is the machine's word; -1: nowhere
 * @param writableOffset where in it the one field stands that the guest may write
 * @param writableSize how many bytes that field has; 0: there is none
 * @param fixedSize so many first bytes must not change when a back-end is replaced
 */
public record Profile(
        int type,
        long features,
        long own,
        int queuesPerUnit,
        int enabledAtFirst,
        boolean tracked,
        int mtu,
        int configSize,
        boolean atMost,
        int queuesOffset,
        int writableOffset,
        int writableSize,
        int fixedSize) {
    private static final long RING = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;
    /** Bits that mean something else with each type: 0 to 23 and 50 on (virtio 1.3, 2.2). */
    private static final long OF_TYPE = (1L << 24) - 1 | -1L << 50;
    /** As much as vhost-user can say of a configuration space. */
    private static final int MOST_CONFIG = 256;

    private static final int ALL = Integer.MAX_VALUE;
    private static final int BLK_CONFIG = 60; // up to and with write_zeroes
    private static final int BLK_NUM_QUEUES = 34;
    private static final int BLK_WRITEBACK = 32;
    private static final int BLK_CAPACITY = 8;
    private static final Profile BLOCK = new Profile(
            DeviceType.BLOCK,
            RING
                    | BlkLayout.F_SIZE_MAX
                    | BlkLayout.F_SEG_MAX
                    | BlkLayout.F_GEOMETRY
                    | BlkLayout.F_RO
                    | BlkLayout.F_BLK_SIZE
                    | BlkLayout.F_FLUSH
                    | BlkLayout.F_TOPOLOGY
                    | BlkLayout.F_CONFIG_WCE
                    | BlkLayout.F_MQ
                    | BlkLayout.F_DISCARD
                    | BlkLayout.F_WRITE_ZEROES,
            0,
            1,
            ALL,
            true,
            0,
            BLK_CONFIG,
            false,
            BLK_NUM_QUEUES,
            BLK_WRITEBACK,
            1,
            BLK_CAPACITY);

    private static final Profile FS = new Profile(DeviceType.FS, RING, 0, 1, ALL, true, 0, 0, false, -1, 0, 0, 0);

    private static final long NET_OWN = NetLayout.F_MAC
            | NetLayout.F_STATUS
            | NetControlLayout.F_CTRL_VQ
            | NetControlLayout.F_CTRL_RX
            | NetControlLayout.F_CTRL_MAC_ADDR
            | NetControlLayout.F_CTRL_GUEST_OFFLOADS
            | NetControlLayout.F_GUEST_ANNOUNCE
            | NetLayout.F_SPEED_DUPLEX;
    private static final long NET_TSO = NetLayout.F_GUEST_TSO4
            | NetLayout.F_GUEST_TSO6
            | NetLayout.F_GUEST_ECN
            | NetLayout.F_HOST_TSO4
            | NetLayout.F_HOST_TSO6
            | NetLayout.F_HOST_ECN;
    private static final long NET_UFO = NetControlLayout.F_GUEST_UFO
            | NetControlLayout.F_HOST_UFO
            | NetLayout.F_GUEST_USO4
            | NetLayout.F_GUEST_USO6
            | NetLayout.F_HOST_USO;

    /** A block device. */
    public static Profile block() {
        return BLOCK;
    }

    /**
     * A network device, whose configuration space and control queue are the VMM's: what they need is offered whatever
     * the back-end has. As QEMU does it, the back-end is told of several pairs and of the MTU if it knows of such things.
     *
     * @param pairs of queues, 1 or more
     * @param offloads that may be offered
     * @param mtu that the guest is told of; empty: none
     */
    public static Profile net(int pairs, NetOffloads offloads, OptionalInt mtu) {
        long shared = (pairs > 1 ? NetLayout.F_MQ : 0) | (mtu.isPresent() ? NetLayout.F_MTU : 0);
        long features = RING | NetLayout.F_MRG_RXBUF | shared;
        features |= offloads.csum() ? NetLayout.F_CSUM | NetLayout.F_GUEST_CSUM : 0;
        features |= offloads.tso() ? NET_TSO : 0;
        features |= offloads.ufo() ? NET_UFO : 0;
        return new Profile(
                DeviceType.NET, features, NET_OWN | shared, 2, 2, false, mtu.orElse(0), 0, false, -1, 0, 0, 0);
    }

    /**
     * A file system, whose configuration space is the VMM's, for back-ends have none. As it has no feature bits of its own,
     * all that is negotiated are those of the rings.
     */
    public static Profile fs() {
        return FS;
    }

    /**
     * A device of any type, of which nothing is known here: the guest is offered all bits that are its type's, reads what the
     * back-end has for it, and may write all of that.
     */
    public static Profile generic(int type) {
        return new Profile(type, RING | OF_TYPE, 0, 1, ALL, true, 0, MOST_CONFIG, true, -1, 0, MOST_CONFIG, 0);
    }

    /** Protocol features that are asked for. */
    long protocolFeatures() {
        long wanted = 0;
        for (ProtocolFeature feature : new ProtocolFeature[] {
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS
        }) {
            wanted |= feature.mask();
        }
        wanted |= tracked ? ProtocolFeature.INFLIGHT_SHMFD.mask() : 0;
        wanted |= mtu > 0 ? ProtocolFeature.MTU.mask() : 0;
        return configSize > 0 ? wanted | ProtocolFeature.CONFIG.mask() : wanted;
    }

    /** The back-end's configuration space with the machine's word for the number of queues. */
    byte[] patched(byte[] config, int queues) {
        byte[] patched = config.clone();
        if (queuesOffset >= 0) {
            patched[queuesOffset] = (byte) queues;
            patched[queuesOffset + 1] = (byte) (queues >> 8);
        }
        return patched;
    }

    /** Whether a successor's configuration space can stand in for the one that the guest has seen. */
    boolean isSame(byte[] before, byte[] after) {
        return Arrays.equals(before, 0, fixedSize, after, 0, fixedSize);
    }

    /** Whether what is made available in that queue has to be used soon, whatever happens elsewhere. */
    boolean completes(int queue) {
        return switch (type) {
            case DeviceType.BLOCK, DeviceType.FS -> true;
            case DeviceType.NET -> queue % 2 == 1; // to the host; what comes from there comes when it likes
            default -> false;
        };
    }

    boolean isWritable(int offset, int width) {
        return offset >= writableOffset && offset + width <= writableOffset + writableSize;
    }
}
