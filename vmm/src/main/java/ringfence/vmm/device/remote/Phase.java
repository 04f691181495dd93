package ringfence.vmm.device.remote;

/** Where a device's connection stands. */
public enum Phase {
    /** No back-end has been there yet. */
    CONNECTING,
    /** A back-end serves the device. */
    CONNECTED,
    /** The back-end has gone, or failed us, or hangs and is about to be replaced; whether its process is dead is not known yet. */
    LOST,
    /** Looking for a successor. */
    RECONNECTING,
    /** The back-end will not do, see the reason: another is looked for, slowly; or it hangs, and may not be ended by us. */
    FAILED
}
