package ringfence.it.fault;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** For how long nothing was answered after each kill. One thread. */
public final class Gaps {
    private final List<Long> nanos = new ArrayList<>();

    /** One more. @param gap nanoseconds */
    public void add(long gap) {
        nanos.add(gap);
    }

    /** How many there are. */
    public int count() {
        return nanos.size();
    }

    /** The gap than which so many percent were not longer, in milliseconds. @param percent 1 to 100 */
    public long millis(int percent) {
        List<Long> sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return TimeUnit.NANOSECONDS.toMillis(sorted.get((sorted.size() * percent + 99) / 100 - 1));
    }

    /** Their middle, the 95th percentile and the longest. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "p50 %d ms, p95 %d ms, longest %d ms", millis(50), millis(95), millis(100));
    }
}
