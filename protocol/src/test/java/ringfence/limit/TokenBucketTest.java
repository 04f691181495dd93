package ringfence.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Time is a number here. */
class TokenBucketTest {
    private static final long SECOND = 1_000_000_000;

    @Test
    void aFullBucketPassesItsSizeAndThenItsRate() {
        long now = -77;
        TokenBucket bucket = new TokenBucket(new Rate(10, 0, 1000), now);
        for (int i = 0; i < 10; i++) {
            assertThat(bucket.isOpen(now)).isTrue();
            bucket.take(1, now);
        }
        assertThat(bucket.isOpen(now)).isFalse();
        assertThat(bucket.nanosUntilOpen(now)).isBetween(99_999_999L, 100_000_001L);
        now += 100_000_001;
        assertThat(bucket.isOpen(now)).isTrue();
        bucket.take(1, now);
        assertThat(bucket.isOpen(now + 99_000_000)).as("not a whole one").isFalse();
        bucket.take(5, now + 99_000_000);
        assertThat(bucket.nanosUntilOpen(now + 99_000_000)).isBetween(500_000_000L, 502_000_000L);
    }

    /** Whatever the frames' size, one core's worth of taking as soon as it is open keeps to the rate. */
    @ParameterizedTest
    @CsvSource({"1000000, 1, 64", "125000000, 100, 1500", "12500000000, 1000, 64", "10, 1000, 1", "1000, 1000, 65000"})
    void theAverageIsTheRate(long size, long refillMillis, long frame) {
        long now = 0;
        TokenBucket bucket = new TokenBucket(new Rate(size, 0, refillMillis), now);
        double perSecond = size * 1000.0 / refillMillis;
        long passed = 0;
        int frames = 20_000;
        for (int i = 0; i < frames || now == 0; i++) {
            now += Math.max(0, bucket.nanosUntilOpen(now)) + (bucket.isOpen(now) ? 0 : 1);
            if (bucket.isOpen(now)) {
                bucket.take(frame, now);
                passed += frame;
            }
        }
        double expected = size + perSecond * now / SECOND;
        assertThat((double) passed).isCloseTo(expected, within(frame + expected / 100));
    }

    @Test
    void aBurstIsPassedOnce() {
        TokenBucket bucket = new TokenBucket(new Rate(10, 90, 1000), 0);
        int passed = 0;
        while (bucket.isOpen(0)) {
            bucket.take(1, 0);
            passed++;
        }
        assertThat(passed).isEqualTo(100);
        passed = 0;
        while (bucket.isOpen(100 * SECOND)) {
            bucket.take(1, 100 * SECOND);
            passed++;
        }
        assertThat(passed).as("after a long time").isEqualTo(10);
    }

    @Test
    void threadsShareABucket() throws Exception {
        TokenBucket bucket = new TokenBucket(new Rate(1_000_000, 0, 1000), 0);
        AtomicLong passed = new AtomicLong();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofPlatform().start(() -> {
                while (bucket.isOpen(0)) {
                    bucket.take(1, 0);
                    passed.incrementAndGet();
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(passed.get()).isBetween(1_000_000L, 1_000_000L + threads.length);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Rate.MAX_SIZE + 1})
    void rangesAreChecked(long size) {
        assertThatThrownBy(() -> new Rate(size, 0, 1)).hasMessageContaining("size=" + size);
    }
}
