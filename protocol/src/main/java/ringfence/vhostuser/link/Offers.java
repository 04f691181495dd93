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

    static long protocolFeatures(BackendDevice device) {
        return ProtocolFeature.mask(
                        ProtocolFeature.MQ,
                        ProtocolFeature.LOG_SHMFD,
                        ProtocolFeature.REPLY_ACK,
                        ProtocolFeature.BACKEND_REQ,
                        ProtocolFeature.CONFIG,
                        ProtocolFeature.INFLIGHT_SHMFD,
                        ProtocolFeature.RESET_DEVICE,
                        ProtocolFeature.CONFIGURE_MEM_SLOTS,
                        ProtocolFeature.STATUS)
                | (device.hasState() ? ProtocolFeature.DEVICE_STATE.mask() : 0);
    }

    /** Accepted bits must be offered ones. */
    static void check(String message, long accepted, long offered) {
        if ((accepted & ~offered) != 0) {
            throw new WireException(message + " accepts 0x" + Long.toHexString(accepted & ~offered) + ", not offered");
        }
    }
}
