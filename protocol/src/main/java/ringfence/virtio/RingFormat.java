package ringfence.virtio;

/** The formats of a virtqueue. */
public enum RingFormat {
    /** Split virtqueue, virtio 1.3, 2.7. */
    SPLIT,
    /** Packed virtqueue, virtio 1.3, 2.8, chosen by VIRTIO_F_RING_PACKED. No implementation yet. */
    PACKED;

    /** The format that these negotiated features choose. */
    public static RingFormat of(long features) {
        return Feature.has(features, Feature.RING_PACKED) ? PACKED : SPLIT;
    }
}
