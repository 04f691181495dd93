package ringfence.limit;

/**
 * How much may pass in how much time.
 *
 * @param size tokens of a full bucket, 1 to 2^40
 * @param burst tokens that may pass beyond that, once, 0 to 2^62
 * @param refillMillis time in which an empty bucket fills, 1 to 3 600 000
 */
public record Rate(long size, long burst, long refillMillis) {
    /** Largest bucket. */
    public static final long MAX_SIZE = 1L << 40;
    /** Slowest filling: an hour. */
    public static final long MAX_REFILL_MILLIS = 3_600_000;

    /** Checks the ranges. */
    public Rate {
        if (size < 1
                || size > MAX_SIZE
                || burst < 0
                || burst > 1L << 62
                || refillMillis < 1
                || refillMillis > MAX_REFILL_MILLIS) {
            throw new IllegalArgumentException("size=" + size + " burst=" + burst + " refillMillis=" + refillMillis);
        }
    }
}
