package ringfence.virtio.queue;

import ringfence.virtio.RingFormat;

/**
 * What a driver has set a queue up with. The numbers are the guest's and unchecked; starting the queue checks them.
 *
 * @param format of the ring
 * @param size number of entries
 * @param descriptorTable guest address of the descriptor area
 * @param availableRing guest address of the driver area
 * @param usedRing guest address of the device area
 * @param eventIdx whether VIRTIO_F_EVENT_IDX was negotiated
 * @param indirect whether VIRTIO_F_INDIRECT_DESC was negotiated
 */
public record QueueConfig(
        RingFormat format,
        int size,
        long descriptorTable,
        long availableRing,
        long usedRing,
        boolean eventIdx,
        boolean indirect) {
    /** A split queue. */
    public QueueConfig(
            int size, long descriptorTable, long availableRing, long usedRing, boolean eventIdx, boolean indirect) {
        this(RingFormat.SPLIT, size, descriptorTable, availableRing, usedRing, eventIdx, indirect);
    }
}
