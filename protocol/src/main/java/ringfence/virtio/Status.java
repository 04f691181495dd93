package ringfence.virtio;

/** Bits of the device status field, virtio 1.3, 2.1. */
public final class Status {
    /** The guest has noticed the device. */
    public static final int ACKNOWLEDGE = 1;
    /** The guest knows how to drive it. */
    public static final int DRIVER = 2;
    /** The driver is ready: queues are live. */
    public static final int DRIVER_OK = 4;
    /** The driver has acknowledged all features that it understands. */
    public static final int FEATURES_OK = 8;
    /** The device has met an error that it cannot recover from without a reset. */
    public static final int DEVICE_NEEDS_RESET = 64;
    /** The guest has given up on the device. */
    public static final int FAILED = 128;

    private Status() {}
}
