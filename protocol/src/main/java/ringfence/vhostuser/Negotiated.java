package ringfence.vhostuser;

/**
 * What the two ends have agreed on so far, and so which messages are legal.
 *
 * @param features the bits of SET_FEATURES: virtio's, {@link #LOG_ALL} and {@link #PROTOCOL_FEATURES}
 * @param protocolFeatures the bits of SET_PROTOCOL_FEATURES
 */
public record Negotiated(long features, long protocolFeatures) {
    /** VHOST_F_LOG_ALL: the back-end marks what it writes in the dirty log. */
    public static final long LOG_ALL = 1L << 26;
    /** VHOST_USER_F_PROTOCOL_FEATURES: protocol features exist, and rings begin disabled. */
    public static final long PROTOCOL_FEATURES = 1L << 30;
    /** VIRTIO_F_ACCESS_PLATFORM: addresses go through an IOMMU. */
    public static final long ACCESS_PLATFORM = 1L << 33;
    /** Nothing yet. */
    public static final Negotiated NOTHING = new Negotiated(0, 0);

    /** Whether this protocol feature is among them. */
    public boolean has(ProtocolFeature feature) {
        return feature.in(protocolFeatures);
    }

    /** Whether any of these feature bits is among them. */
    public boolean has(long featureBits) {
        return (features & featureBits) != 0;
    }

    /** The same, with other feature bits. */
    public Negotiated withFeatures(long accepted) {
        return new Negotiated(accepted, protocolFeatures);
    }

    /** The same, with other protocol feature bits. */
    public Negotiated withProtocolFeatures(long accepted) {
        return new Negotiated(features, accepted);
    }
}
