package ringfence.vhostuser;

/**
 * Where requests in flight are tracked ({@code VhostUserInflight}).
 *
 * @param size bytes to be mapped, 0 or above
 * @param offset where they begin in the file, 0 or above
 * @param queues number of queues tracked, 0 to 65535
 * @param queueSize entries for each, 0 to 65535
 */
public record InflightArea(long size, long offset, int queues, int queueSize) {
    /** Checks that the range does not wrap. */
    public InflightArea {
        WireException.require(
                size >= 0 && offset >= 0 && offset <= Long.MAX_VALUE - size,
                "inflight area",
                Long.toUnsignedString(size) + " bytes at " + Long.toUnsignedString(offset));
        WireException.require(
                queues >= 0 && queues <= 0xffff && queueSize >= 0 && queueSize <= 0xffff,
                "inflight area: queues, queue size",
                queues + ", " + queueSize);
    }
}
