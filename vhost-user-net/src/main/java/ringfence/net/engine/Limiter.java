package ringfence.net.engine;

import ringfence.limit.TokenBucket;

/**
 * One direction of a device: what has passed on all of its queues, against its limits, which may change at any time.
 * Any thread.
 */
public final class Limiter {
    private volatile Buckets buckets = new Buckets(null, null);

    /** null: no limit. */
    private record Buckets(TokenBucket bytes, TokenBucket frames) {}

    /** Other limits from now on, with full buckets. */
    public void set(Limits limits) {
        long now = System.nanoTime();
        buckets = new Buckets(
                limits.bytes().map(rate -> new TokenBucket(rate, now)).orElse(null),
                limits.frames().map(rate -> new TokenBucket(rate, now)).orElse(null));
    }

    /** Whether a frame may pass now. */
    boolean isOpen() {
        Buckets limits = buckets;
        if (limits.bytes == null && limits.frames == null) {
            return true;
        }
        long now = System.nanoTime();
        return (limits.bytes == null || limits.bytes.isOpen(now))
                && (limits.frames == null || limits.frames.isOpen(now));
    }

    /** Nanoseconds until a frame may pass; 0 or less: now. */
    long nanosUntilOpen() {
        Buckets limits = buckets;
        long now = System.nanoTime();
        return Math.max(
                limits.bytes == null ? 0 : limits.bytes.nanosUntilOpen(now),
                limits.frames == null ? 0 : limits.frames.nanosUntilOpen(now));
    }

    /** These have passed. */
    void passed(long frames, long bytes) {
        Buckets limits = buckets;
        if (frames == 0 || limits.bytes == null && limits.frames == null) {
            return;
        }
        long now = System.nanoTime();
        if (limits.bytes != null) {
            limits.bytes.take(bytes, now);
        }
        if (limits.frames != null) {
            limits.frames.take(frames, now);
        }
    }
}
