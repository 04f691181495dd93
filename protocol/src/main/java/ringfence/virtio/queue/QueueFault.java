package ringfence.virtio.queue;

/**
 * Which rule the other side of a queue has broken, and where.
 *
 * @param reason the rule
 * @param head the chain's head, or -1
 * @param descriptor index of the descriptor in its table, or -1
 * @param value the number that was wrong, as it was read
 */
public record QueueFault(Reason reason, int head, int descriptor, long value) {
    /** The rules; sections of virtio 1.3. */
    public enum Reason {
        /** The size is 0, above 32768, or no power of two, 2.7. */
        BAD_SIZE,
        /** A part of the ring is not aligned, 2.7.1. */
        BAD_ALIGNMENT,
        /** A part of the ring does not lie in one region of guest memory. */
        RING_OUTSIDE_MEMORY,
        /** The format of the ring is not implemented. */
        BAD_FORMAT,
        /** {@code avail.idx} is more than a queue's size ahead, or went back, 2.7.6.1. */
        AVAILABLE_INDEX_JUMP,
        /** A head beyond the descriptor table. */
        HEAD_OUT_OF_RANGE,
        /** A head that is in flight already. */
        HEAD_IN_FLIGHT,
        /** {@code next} beyond its table. */
        NEXT_OUT_OF_RANGE,
        /** More descriptors than the queue has entries: a loop, or 2.7.5.3.1. */
        CHAIN_TOO_LONG,
        /** More than 2^32 bytes in a chain, 2.7.5.2. */
        TOO_MANY_BYTES,
        /** A chain in more pieces than the cursor takes: buffers over many regions. */
        TOO_MANY_PIECES,
        /** A device-readable buffer after a device-writable one, 2.7.4.2. */
        READABLE_AFTER_WRITABLE,
        /** A buffer that is not all guest memory, or wraps around. */
        BUFFER_OUTSIDE_MEMORY,
        /** INDIRECT without VIRTIO_F_INDIRECT_DESC, 2.7.5.3.1. */
        INDIRECT_NOT_NEGOTIATED,
        /** INDIRECT within an indirect table, 2.7.5.3.1. */
        INDIRECT_NESTED,
        /** INDIRECT together with NEXT, 2.7.5.3.1. */
        INDIRECT_WITH_NEXT,
        /** The length of an indirect table is 0, no multiple of 16, or above 2^20. */
        INDIRECT_BAD_LENGTH,
        /** An indirect table that does not lie in one region of guest memory. */
        INDIRECT_OUTSIDE_MEMORY,
        /** Driver side: the device has used a chain that it was not given. */
        USED_NOT_IN_FLIGHT,
        /** Driver side: {@code used.idx} is further than what is in flight. */
        USED_INDEX_JUMP
    }

    /** One line with names and numbers. */
    @Override
    public String toString() {
        return reason + " head=" + head + " descriptor=" + descriptor + " value=0x" + Long.toHexString(value);
    }
}
