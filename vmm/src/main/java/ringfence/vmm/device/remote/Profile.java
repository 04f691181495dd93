package ringfence.vmm.device.remote;

import java.util.Arrays;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;

/**
 * What the front-end has to know of a device type: data, so that a further type is a further record.
 *
 * @param type virtio device type
 * @param features those that the guest is offered if the back-end has them
 * @param configSize bytes of configuration space, 0 to 256; it is the back-end's, read by GET_CONFIG
 * @param queuesOffset where in it the number of queues (le16) stands, which is the machine's word; -1: nowhere
 * @param writableOffset where in it the guest may write
 * @param writableSize how many bytes it may write there
 * @param fixedSize so many first bytes must not change when a back-end is replaced
 */
public record Profile(
        int type,
        long features,
        int configSize,
        int queuesOffset,
        int writableOffset,
        int writableSize,
        int fixedSize) {
    private static final long RING = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;
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
            BLK_CONFIG,
            BLK_NUM_QUEUES,
            BLK_WRITEBACK,
            1,
            BLK_CAPACITY);

    /** A block device. */
    public static Profile block() {
        return BLOCK;
    }

    /** Protocol features that are asked for. */
    long protocolFeatures() {
        long wanted = 0;
        for (ProtocolFeature feature : new ProtocolFeature[] {
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS
        }) {
            wanted |= feature.mask();
        }
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

    boolean isWritable(int offset, int width) {
        return offset >= writableOffset && offset + width <= writableOffset + writableSize;
    }
}
