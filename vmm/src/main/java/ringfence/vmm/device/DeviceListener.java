package ringfence.vmm.device;

/** What a device tells its transport. Called by the device's own thread; neither call blocks. */
public interface DeviceListener {
    /** The configuration space has changed: the guest gets a configuration interrupt. */
    void configChanged();

    /**
     * The device cannot go on until the guest resets it (DEVICE_NEEDS_RESET, virtio 1.3, 2.1.2).
     *
     * @param why one line for the log
     */
    void needsReset(String why);
}
