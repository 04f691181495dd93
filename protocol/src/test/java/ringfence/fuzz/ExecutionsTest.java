package ringfence.fuzz;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ExecutionsTest {
    private static final long MOST = TimeUnit.MILLISECONDS.toNanos(5);

    private final Executions executions = new Executions(MOST);

    @Test
    void anInputThatIsAlwaysSlowFails() {
        AtomicInteger times = new AtomicInteger();
        assertThatThrownBy(() -> executions.run(new byte[7], _ -> {
                    times.incrementAndGet();
                    waitFor(2 * MOST);
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("an input of 7 bytes takes \\d+ ms, the shortest of 10 times");
        assertThatCode(() -> executions.check(1_000)).doesNotThrowAnyException(); // that it ended is no second fault
    }

    @Test
    void oneThatIsSlowTheFirstTimesDoesNot() {
        AtomicInteger times = new AtomicInteger();
        executions.run(new byte[7], _ -> {
            if (times.incrementAndGet() < 3) {
                waitFor(2 * MOST);
            }
        });
        assertThatCode(() -> executions.check(1)).doesNotThrowAnyException();
    }

    @Test
    void fewerThanWantedFail() {
        executions.run(new byte[1], _ -> {});
        assertThatThrownBy(() -> executions.check(2)).hasMessage("only 1 executions of 2");
    }

    private static void waitFor(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }
}
