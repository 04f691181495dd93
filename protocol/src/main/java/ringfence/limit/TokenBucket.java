package ringfence.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A bucket of tokens, full at first. Any thread; nothing here locks, allocates or reads a clock.
 *
 * <p>Times are nanoseconds on any clock that does not go back, such as System.nanoTime, differences below 9 years.
 */
public final class TokenBucket {
    /** Times inside are 1/16 ns, so that a small frame at 100 Gbit/s is not rounded away. */
    private static final int FRACTION = 16;

    private static final long NANOS = 1_000_000;

    private final long start;
    private final long refill;
    private final double cost;
    /** What one token takes to come, 1 or more. */
    private final long one;

    private final AtomicLong burst;
    /** When the bucket will be full, since the start; before now: it is. */
    private final AtomicLong fullAt = new AtomicLong();

    /** A full bucket that fills at this rate. @param now the time */
    public TokenBucket(Rate rate, long now) {
        start = now;
        refill = rate.refillMillis() * NANOS * FRACTION;
        cost = (double) refill / rate.size();
        one = Math.max(1, (long) cost);
        burst = new AtomicLong(rate.burst());
    }

    /** Nanoseconds until something may pass; 0 or less: now. */
    public long nanosUntilOpen(long now) {
        return burst.get() > 0 ? 0 : (fullAt.get() + one - refill - since(now) + FRACTION - 1) / FRACTION;
    }

    /** Whether something may pass now: there is a token in it. */
    public boolean isOpen(long now) {
        return burst.get() > 0 || fullAt.get() + one - refill <= since(now);
    }

    /** Something has passed. @param tokens what it takes, 0 to 2^40; more than there is: the rest is owed */
    public void take(long tokens, long now) {
        long left = tokens;
        if (burst.get() > 0) {
            long over = burst.addAndGet(-tokens);
            if (over >= 0) {
                return;
            }
            left = Math.min(tokens, -over);
        }
        long price = Math.round(left * cost);
        long earliest = since(now);
        long seen;
        do {
            seen = fullAt.get();
        } while (!fullAt.compareAndSet(seen, Math.max(seen, earliest) + price));
    }

    private long since(long now) {
        return (now - start) * FRACTION;
    }
}
