package ringfence.vhostuser.link;

import ringfence.vhostuser.Negotiated;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.WireException;
import ringfence.virtio.Feature;

/** What a back-end offers, over what its device offers. Pure. */
final class Offers {
    private static final long ADDED = Feature.VERSION_1
            | Feature.EVENT_IDX
            | Feature.INDIRECT_DESC
            | Negotiated.LOG_ALL
            | Negotiated.PROTOCOL_FEATURES;

    private Offers() {}

    static long features(BackendDevice device) {
        return device.features() | ADDED;
    }

    /**
     * Of a network device neither CONFIG nor STATUS: its configuration space and its status are the front-end's own. Nor
     * CONFIGURE_MEM_SLOTS: QEMU before 8.0 adds each region once for each pair of queues, and gives up its device when the
     * second is refused; SET_MEM_TABLE it sends once.
     */
    static long protocolFeatures(BackendDevice device) {
        long whole = ProtocolFeature.mask(
                ProtocolFeature.CONFIG, ProtocolFeature.STATUS, ProtocolFeature.CONFIGURE_MEM_SLOTS);
        return ProtocolFeature.mask(
                        ProtocolFeature.MQ,
                        ProtocolFeature.LOG_SHMFD,
                        ProtocolFeature.REPLY_ACK,
                        ProtocolFeature.BACKEND_REQ,
                        ProtocolFeature.INFLIGHT_SHMFD,
                        ProtocolFeature.RESET_DEVICE)
                | (device.configSpaceIsFrontends() ? 0 : whole)
                | (device.mostState() > 0 ? ProtocolFeature.DEVICE_STATE.mask() : 0);
    }

    /** Accepted bits must be offered ones. */
    static void check(String message, long accepted, long offered) {
        if ((accepted & ~offered) != 0) {
            throw new WireException(message + " accepts 0x" + Long.toHexString(accepted & ~offered) + ", not offered");
        }
    }
}
