package ringfence.virtio;

/** Device types, virtio 1.3, chapter 5. */
public final class DeviceType {
    /** Network device, 5.1. */
    public static final int NET = 1;
    /** Block device, 5.2. */
    public static final int BLOCK = 2;
    /** Console, 5.3. */
    public static final int CONSOLE = 3;
    /** Entropy source, 5.4. */
    public static final int RNG = 4;
    /** Traditional memory balloon, 5.5. */
    public static final int BALLOON = 5;
    /** Socket device, 5.10. */
    public static final int VSOCK = 19;
    /** IOMMU device, 5.13. */
    public static final int IOMMU = 23;
    /** Memory device, 5.15. */
    public static final int MEM = 24;
    /** File system device, 5.11. */
    public static final int FS = 26;
    /** Persistent memory, 5.19. */
    public static final int PMEM = 27;
    /** Watchdog: the specification has its number and no more. */
    public static final int WATCHDOG = 35;

    private DeviceType() {}
}
