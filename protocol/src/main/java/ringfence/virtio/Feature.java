package ringfence.virtio;

/** Feature bits that do not depend on the device type, as masks; virtio 1.3, chapter 6, and vhost-user's own. */
public final class Feature {
    /** VIRTIO_F_NOTIFY_ON_EMPTY (24), legacy. */
    public static final long NOTIFY_ON_EMPTY = 1L << 24;
    /** VHOST_F_LOG_ALL (26): the back-end marks every page that it writes. Between front-end and back-end only. */
    public static final long VHOST_LOG_ALL = 1L << 26;
    /** VIRTIO_F_ANY_LAYOUT (27), legacy. */
    public static final long ANY_LAYOUT = 1L << 27;
    /** VIRTIO_F_INDIRECT_DESC (28), 2.7.5.3. */
    public static final long INDIRECT_DESC = 1L << 28;
    /** VIRTIO_F_EVENT_IDX (29), 2.7.7 and 2.7.10. */
    public static final long EVENT_IDX = 1L << 29;
    /** VHOST_USER_F_PROTOCOL_FEATURES (30). Between front-end and back-end only. */
    public static final long VHOST_USER_PROTOCOL_FEATURES = 1L << 30;
    /** VIRTIO_F_VERSION_1 (32). */
    public static final long VERSION_1 = 1L << 32;
    /** VIRTIO_F_ACCESS_PLATFORM (33). */
    public static final long ACCESS_PLATFORM = 1L << 33;
    /** VIRTIO_F_RING_PACKED (34), 2.8. */
    public static final long RING_PACKED = 1L << 34;
    /** VIRTIO_F_IN_ORDER (35), 2.7.9. */
    public static final long IN_ORDER = 1L << 35;
    /** VIRTIO_F_ORDER_PLATFORM (36). */
    public static final long ORDER_PLATFORM = 1L << 36;
    /** VIRTIO_F_SR_IOV (37). */
    public static final long SR_IOV = 1L << 37;
    /** VIRTIO_F_NOTIFICATION_DATA (38), 2.9. */
    public static final long NOTIFICATION_DATA = 1L << 38;
    /** VIRTIO_F_NOTIF_CONFIG_DATA (39). */
    public static final long NOTIF_CONFIG_DATA = 1L << 39;
    /** VIRTIO_F_RING_RESET (40), 2.6.1. */
    public static final long RING_RESET = 1L << 40;

    private Feature() {}

    /** Whether {@code features} has all bits of {@code mask}. */
    public static boolean has(long features, long mask) {
        return (features & mask) == mask;
    }
}
