package ringfence.vmm.transport;

/** Where things are in BAR 0 of a virtio function, and their sizes in bytes. */
final class Layout {
    static final long BAR_SIZE = 512 << 10;
    /** Windows rebalances resources at hotplug unless BARs lie this far apart. */
    static final long BAR_ALIGNMENT = 8 << 20;

    static final int COMMON = 0;
    static final int COMMON_SIZE = 56;
    static final int ISR = 0x2000;
    static final int ISR_SIZE = 1;
    static final int DEVICE = 0x4000;
    static final int DEVICE_SIZE = 4096;
    static final int NOTIFY = 0x6000;
    static final int NOTIFY_SIZE = 4096;
    static final int NOTIFY_MULTIPLIER = 4;
    static final int MSIX_TABLE = 0x8000;
    static final int MSIX_TABLE_SIZE = 256 << 10;
    static final int PBA = 0x48000;
    static final int PBA_SIZE = 4096;
    static final int MAX_QUEUES = NOTIFY_SIZE / NOTIFY_MULTIPLIER;

    private Layout() {}
}
