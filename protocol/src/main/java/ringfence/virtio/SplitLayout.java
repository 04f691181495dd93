package ringfence.virtio;

/**
 * Layout of the split virtqueue, virtio 1.3, 2.7. All fields are little-endian.
 * <pre>
 * struct virtq_desc  { le64 addr; le32 len; le16 flags; le16 next; };                       align 16, 16 × size
 * struct virtq_avail { le16 flags; le16 idx; le16 ring[size]; le16 used_event; };           align 2,  6 + 2 × size
 * struct virtq_used  { le16 flags; le16 idx; struct { le32 id; le32 len; } ring[size]; le16 avail_event; };
 *                                                                                           align 4,  6 + 8 × size
 * </pre>
 */
public final class SplitLayout {
    /** Largest queue size; also a power of two, always, 2.7. */
    public static final int MAX_SIZE = 32768;

    /** Bytes of a descriptor. */
    public static final int DESCRIPTOR = 16;
    /** {@code virtq_desc.addr}. */
    public static final int DESCRIPTOR_ADDRESS = 0;
    /** {@code virtq_desc.len}. */
    public static final int DESCRIPTOR_LENGTH = 8;
    /** {@code virtq_desc.flags}. */
    public static final int DESCRIPTOR_FLAGS = 12;
    /** {@code virtq_desc.next}. */
    public static final int DESCRIPTOR_NEXT = 14;
    /** VIRTQ_DESC_F_NEXT: {@code next} is valid. */
    public static final int NEXT = 1;
    /** VIRTQ_DESC_F_WRITE: the device writes this buffer, else it reads it. */
    public static final int WRITE = 2;
    /** VIRTQ_DESC_F_INDIRECT: the buffer is a table of descriptors. */
    public static final int INDIRECT = 4;
    /** Largest indirect table in bytes: {@code next} has 16 bits. */
    public static final int MAX_INDIRECT_BYTES = DESCRIPTOR << 16;

    /** {@code flags} of virtq_avail and virtq_used. */
    public static final int RING_FLAGS = 0;
    /** {@code idx} of virtq_avail and virtq_used, free-running. */
    public static final int RING_INDEX = 2;
    /** {@code ring} of virtq_avail and virtq_used. */
    public static final int RING_ENTRIES = 4;
    /** Bytes of an entry of the available ring. */
    public static final int AVAILABLE_ENTRY = 2;
    /** Bytes of an entry of the used ring: id, then length. */
    public static final int USED_ENTRY = 8;
    /** VIRTQ_AVAIL_F_NO_INTERRUPT. */
    public static final int NO_INTERRUPT = 1;
    /** VIRTQ_USED_F_NO_NOTIFY. */
    public static final int NO_NOTIFY = 1;

    /** Alignment of the descriptor table. */
    public static final int DESCRIPTOR_ALIGNMENT = 16;
    /** Alignment of the available ring. */
    public static final int AVAILABLE_ALIGNMENT = 2;
    /** Alignment of the used ring. */
    public static final int USED_ALIGNMENT = 4;

    private SplitLayout() {}

    /** Bytes of the descriptor table. */
    public static long descriptorBytes(int size) {
        return (long) DESCRIPTOR * size;
    }

    /** Bytes of the available ring, {@code used_event} included. */
    public static long availableBytes(int size) {
        return RING_ENTRIES + (long) AVAILABLE_ENTRY * size + 2;
    }

    /** Bytes of the used ring, {@code avail_event} included. */
    public static long usedBytes(int size) {
        return RING_ENTRIES + (long) USED_ENTRY * size + 2;
    }

    /** Offset of {@code used_event} in the available ring. */
    public static long usedEvent(int size) {
        return RING_ENTRIES + (long) AVAILABLE_ENTRY * size;
    }

    /** Offset of {@code avail_event} in the used ring. */
    public static long availableEvent(int size) {
        return RING_ENTRIES + (long) USED_ENTRY * size;
    }
}
