package ringfence.vhostuser.link;

/**
 * Layout of a region that tracks requests in flight (section "Inflight I/O tracking", split virtqueue). Little-endian.
 * <pre>
 * struct DescStateSplit { u8 inflight; u8 padding[5]; u16 next; u64 counter; };                       16 bytes
 * struct QueueRegionSplit { u64 features; u16 version, desc_num, last_batch_head, used_idx;
 *                           struct DescStateSplit desc[]; };                                          16 + 16 × n
 *
 *  | queue 0, padded to 64 | queue 1, padded to 64 | ... | persistent bytes |
 * </pre>
 * The persistent bytes at the end are ours, the front-end knows only the size of the whole. So is the first byte of an
 * entry's padding: how often its chain was begun again.
 */
final class InflightLayout {
    static final int FEATURES = 0;
    static final int VERSION = 8;
    static final int ENTRIES = 10;
    static final int LAST_BATCH_HEAD = 12;
    static final int USED_INDEX = 14;
    static final int HEADER = 16;

    static final int ENTRY = 16;
    static final int IN_FLIGHT = 0;
    static final int AGAIN = 1;
    static final int NEXT = 6;
    static final int COUNTER = 8;

    static final int CURRENT_VERSION = 1;
    private static final int ALIGNMENT = 64;

    private InflightLayout() {}

    /** Bytes of one queue's part, padded. */
    static long queueBytes(int queueSize) {
        return align(HEADER + (long) ENTRY * queueSize);
    }

    /** Where the persistent bytes begin. */
    static long persistentOffset(int queues, int queueSize) {
        return queues * queueBytes(queueSize);
    }

    /** Bytes of the whole. */
    static long bytes(int queues, int queueSize, int persistentBytes) {
        return persistentOffset(queues, queueSize) + align(persistentBytes);
    }

    private static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
