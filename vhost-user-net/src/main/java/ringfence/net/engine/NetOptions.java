package ringfence.net.engine;

import java.util.Optional;

/**
 * How a device presents itself, beside what its interface dictates.
 *
 * @param pairs pairs of queues, 1 to 8
 * @param queueSize most descriptors of a queue, a power of two from 16 to 1024
 * @param mac the guest's address; empty: the front-end or the driver chooses
 */
public record NetOptions(int pairs, int queueSize, Optional<MacAddress> mac) {
    /** Most pairs of queues. */
    public static final int MAX_PAIRS = 8;
    /** Fewest descriptors of a queue. */
    public static final int MIN_QUEUE_SIZE = 16;
    /** Most descriptors of a queue. */
    public static final int MAX_QUEUE_SIZE = 1024;

    /** Checks the ranges. */
    public NetOptions {
        require(pairs >= 1 && pairs <= MAX_PAIRS, "--queue-pairs is " + pairs + ", not 1 to " + MAX_PAIRS);
        require(
                queueSize >= MIN_QUEUE_SIZE && queueSize <= MAX_QUEUE_SIZE && Integer.bitCount(queueSize) == 1,
                "--queue-size is " + queueSize + ", not a power of two from " + MIN_QUEUE_SIZE + " to "
                        + MAX_QUEUE_SIZE);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
