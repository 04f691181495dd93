package ringfence.virtio.queue;

/**
 * Where a stopped queue stands: all that has to be handed over to go on with it later, elsewhere.
 *
 * @param availableIndex index of the next chain that the device takes, 0 to 65535, free-running (packed: offset and
 *     wrap counter, as vhost-user's VRING_BASE has them)
 * @param usedIndex index of the next used element, likewise
 */
public record QueueState(int availableIndex, int usedIndex) {
    /** A queue that nobody has used. */
    public static final QueueState FRESH = new QueueState(0, 0);

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if an index has more than 16 bits
     */
    public QueueState {
        if ((availableIndex | usedIndex) >>> 16 != 0) {
            throw new IllegalArgumentException("available=" + availableIndex + " used=" + usedIndex);
        }
    }
}
