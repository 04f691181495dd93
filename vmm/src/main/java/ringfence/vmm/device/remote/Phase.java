package ringfence.vmm.device.remote;

/** Where a device's connection stands. */
public enum Phase {
    /** No back-end has been there yet. */
    CONNECTING,
    /** A back-end serves the device. */
    CONNECTED,
    /** The back-end has gone, or failed us; whether its process is dead is not known yet. */
    LOST,
    /** Looking for a successor. */
    RECONNECTING,
    /** The back-end that answers will not do, see the reason; another is looked for, slowly. */
    FAILED
}
