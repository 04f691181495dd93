package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final long NOW = 7_000_000_000L;
    private static final long LONGEST = 5000;

    private final Backoff backoff = new Backoff();

    /** @return milliseconds until the next try */
    private int lost(long served) {
        backoff.lost(NOW, served);
        int millis = backoff.millis(NOW);
        backoff.reset(NOW); // the next one is there
        return millis;
    }

    @Test
    void whoHasLastedIsFollowedAtOnceEachTime() {
        for (int i = 0; i < 20; i++) {
            assertThat(lost(Backoff.LASTING)).isZero();
        }
    }

    @Test
    void whoDoesNotLastIsFollowedMoreAndMoreSlowly() {
        for (int i = 0; i < Backoff.AT_ONCE; i++) {
            assertThat(lost(0)).isZero();
        }
        int last = 0;
        for (int i = 0; i < 9; i++) {
            int next = lost(Backoff.LASTING - 1);
            assertThat(next).isGreaterThan(last);
            last = next;
        }
        for (int i = 0; i < 100; i++) {
            assertThat(lost(0)).isEqualTo((int) LONGEST);
        }
        assertThat(lost(Backoff.LASTING)).as("one that has lasted").isZero();
        assertThat(lost(0)).as("from the beginning").isZero();
    }

    @Test
    void nobodyIsLookedForSoonAndThenTenTimesASecond() {
        backoff.again(NOW);
        assertThat(backoff.millis(NOW)).isEqualTo(1);
        for (int i = 0; i < 100; i++) {
            backoff.again(NOW);
        }
        assertThat(backoff.millis(NOW)).isEqualTo(100);
    }

    @Test
    void whoWillNotDoIsTriedEveryFiveSeconds() {
        backoff.refused(NOW);
        assertThat(backoff.millis(NOW)).isEqualTo(1000);
        for (int i = 0; i < 100; i++) {
            backoff.refused(NOW);
        }
        assertThat(backoff.millis(NOW)).isEqualTo((int) LONGEST);
        assertThat(backoff.millis(NOW + 5_000_000_000L)).isZero();
    }
}
