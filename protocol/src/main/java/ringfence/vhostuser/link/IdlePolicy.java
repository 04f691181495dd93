package ringfence.vhostuser.link;

/**
 * How a queue's worker waits for work, and how much it takes at a time.
 *
 * @param maxSpinNanos the longest that it looks again and again before it sleeps; how long it really does adapts, between
 *     0 and this, to whether looking has paid. {@link Long#MAX_VALUE}: it never sleeps
 * @param maxBatch chains taken before completions are looked at again, 1 or more
 */
public record IdlePolicy(long maxSpinNanos, int maxBatch) {
    /** Up to 100 µs of looking: about what a disk takes for one request, after which a sleeper would have to be woken. */
    public static final IdlePolicy DEFAULT = new IdlePolicy(100_000, 64);
    /** Sleeps at once. */
    public static final IdlePolicy SLEEP = new IdlePolicy(0, 64);
    /** Never sleeps: for measurements, with a core of its own. */
    public static final IdlePolicy SPIN = new IdlePolicy(Long.MAX_VALUE, 64);

    /** Checks the ranges. */
    public IdlePolicy {
        if (maxSpinNanos < 0 || maxBatch < 1) {
            throw new IllegalArgumentException("maxSpinNanos=" + maxSpinNanos + " maxBatch=" + maxBatch);
        }
    }

    /** Whether it never sleeps. */
    public boolean neverSleeps() {
        return maxSpinNanos == Long.MAX_VALUE;
    }
}
