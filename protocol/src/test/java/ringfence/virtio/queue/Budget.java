package ringfence.virtio.queue;

import java.util.concurrent.TimeUnit;

/**
 * How long a randomized test runs: some seconds in an ordinary build, and at least so many cases however slow the
 * machine is, or as many cases as {@code -Dringfence.soak.cases=N} says. {@code -Dringfence.seed=N} repeats a run.
 */
final class Budget {
    /** What a test may rely on. */
    static final int AT_LEAST = 50_000;

    private static final int CHECK_EVERY = 1024;

    private final long cases = Long.getLong("ringfence.soak.cases", 0);
    private final long start = System.nanoTime();
    private final long nanos;

    Budget(long seconds) {
        nanos = TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Whether there is to be one case more after {@code done}. */
    boolean goesOn(long done) {
        if (cases > 0) {
            return done < cases;
        }
        return done < AT_LEAST || done % CHECK_EVERY != 0 || System.nanoTime() - start < nanos;
    }

    static long seed() {
        return Long.getLong("ringfence.seed", System.nanoTime());
    }
}
