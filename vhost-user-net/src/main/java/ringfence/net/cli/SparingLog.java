package ringfence.net.cli;

import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringfence.limit.Rate;
import ringfence.limit.TokenBucket;

/**
 * Lets {@value #LINES} lines pass, and one a minute after that: a daemon that runs for as long as any of its virtual
 * machines must not fill a file with what one of them does again and again. Any thread.
 */
final class SparingLog implements Consumer<String> {
    static final int LINES = 60;

    private final Consumer<String> to;
    private final LongSupplier clock;
    private final TokenBucket bucket;
    private long left;

    /** @param clock in nanoseconds, see {@link TokenBucket} */
    SparingLog(Consumer<String> to, LongSupplier clock) {
        this.to = to;
        this.clock = clock;
        bucket = new TokenBucket(new Rate(LINES, 0, LINES * 60_000L), clock.getAsLong());
    }

    @Override
    public synchronized void accept(String line) {
        long now = clock.getAsLong();
        if (!bucket.isOpen(now)) {
            left++;
            return;
        }
        bucket.take(1, now);
        to.accept(left == 0 ? line : line + " (" + left + " lines before it were left out)");
        left = 0;
    }
}
