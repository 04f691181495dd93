package ringfence.vhostuser.link;

import ringfence.vhostuser.ProtocolFeature;

/**
 * What a back-end has offered at the beginning of a connection.
 *
 * @param features feature bits, without those of vhost-user itself
 * @param protocolFeatures protocol features that have been negotiated
 * @param queues how many queues it has, 1 to 256; 0: it cannot say
 * @param memorySlots memory regions that it can hold, 8 or more
 */
public record Offer(long features, long protocolFeatures, int queues, int memorySlots) {
    /** Whether this protocol feature has been negotiated. */
    public boolean has(ProtocolFeature feature) {
        return feature.in(protocolFeatures);
    }
}
