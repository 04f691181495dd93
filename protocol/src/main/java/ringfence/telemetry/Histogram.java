package ringfence.telemetry;

import java.util.stream.IntStream;
import org.agrona.concurrent.status.AtomicCounter;

/**
 * How long something has taken, in buckets whose bounds are 4 times as long each: 4 microseconds, 16, 65 and so on to a
 * second, and what took longer. One owner counts.
 */
public final class Histogram {
    /** Bound of the first: 2^12 nanoseconds. */
    private static final int FIRST = 12;

    private static final int BUCKETS = 11;

    private final AtomicCounter[] buckets;
    private final AtomicCounter sum;

    Histogram(Counters source, CounterType type, String owner, int index) {
        buckets = IntStream.range(0, BUCKETS)
                .mapToObj(bucket -> source.counter(type, CounterKind.BUCKET, bound(bucket), owner, index))
                .toArray(AtomicCounter[]::new);
        sum = source.counter(type, CounterKind.SUM, 0, owner, index);
    }

    /** How many counters it takes. */
    public static int count() {
        return BUCKETS + 1;
    }

    /** The longest time of a bucket, in nanoseconds; of the last one {@link Long#MAX_VALUE}. */
    static long bound(int bucket) {
        return bucket == BUCKETS - 1 ? Long.MAX_VALUE : 1L << FIRST + 2 * bucket;
    }

    /** The bucket of so many nanoseconds. */
    static int bucket(long nanos) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(Math.max(nanos, 1) - 1);
        return Math.clamp(bits - FIRST + 1 >> 1, 0, BUCKETS - 1);
    }

    /** One more. The owner only. */
    public void record(long nanos) {
        buckets[bucket(nanos)].incrementOpaque();
        sum.getAndAddOpaque(nanos);
    }
}
