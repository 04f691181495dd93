package ringfence.vmm.transport;

import ringfence.virtio.Feature;
import ringfence.virtio.queue.QueueConfig;
import ringfence.vmm.device.QueueEvents;

/**
 * The registers of one queue (virtio 1.3, 4.1.4.3). The driver may write them until it enables the queue; from then on
 * they hold until the device is reset. Guarded by the monitor of {@link CommonConfig}.
 */
final class QueueRegisters {
    final QueueEvents events;
    final InterruptSource interrupt;
    private final int maxSize;
    private int size;
    private boolean enabled;
    private long descriptors;
    private long driver;
    private long device;

    QueueRegisters(int maxSize, QueueEvents events, InterruptSource interrupt) {
        this.maxSize = maxSize;
        this.events = events;
        this.interrupt = interrupt;
        reset();
    }

    void reset() {
        size = maxSize;
        enabled = false;
        descriptors = 0;
        driver = 0;
        device = 0;
    }

    int size() {
        return size;
    }

    /** Takes a power of two up to the maximum; ignores anything else. */
    void size(int wanted) {
        if (!enabled && Integer.bitCount(wanted) == 1 && wanted <= maxSize) {
            size = wanted;
        }
    }

    boolean isEnabled() {
        return enabled;
    }

    void enable() {
        enabled = true;
    }

    /** Reads a word of an address. @param word 0 to 5: descriptors low, high, driver low, high, device low, high */
    long addressWord(int word) {
        long address = switch (word >> 1) {
            case 0 -> descriptors;
            case 1 -> driver;
            default -> device;
        };
        return address >>> 32 * (word & 1) & 0xFFFF_FFFFL;
    }

    /** Writes a word of an address. See {@link #addressWord(int)}. */
    void addressWord(int word, long value) {
        if (enabled) {
            return;
        }
        switch (word >> 1) {
            case 0 -> descriptors = merge(descriptors, word, value);
            case 1 -> driver = merge(driver, word, value);
            default -> device = merge(device, word, value);
        }
    }

    private static long merge(long address, int word, long value) {
        return (word & 1) == 0 ? address & 0xFFFF_FFFF_0000_0000L | value : address & 0xFFFF_FFFFL | value << 32;
    }

    /** What the queue is started with. */
    QueueConfig config(long features) {
        return new QueueConfig(
                size,
                descriptors,
                driver,
                device,
                Feature.has(features, Feature.EVENT_IDX),
                Feature.has(features, Feature.INDIRECT_DESC));
    }
}
