package ringfence.vmm.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Only the vCPU that made the access waits, and not beyond its deadline. */
class DeferredTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private final AtomicInteger timeouts = new AtomicInteger();
    private final CompletableFuture<Long> answer = new CompletableFuture<>();

    @Test
    void returnsAnAnswerThatComesInTime() {
        Deferred deferred = new Deferred(answer, LONG, 7, timeouts::incrementAndGet);
        answer.complete(42L);
        assertThat(deferred.isAnswered()).isTrue();
        assertThat(deferred.await()).isEqualTo(42);
        assertThat(timeouts).hasValue(0);
    }

    @Test
    void fallsBackAndTellsTheDeviceWhenTheDeadlinePasses() {
        long start = System.nanoTime();
        assertThat(new Deferred(answer, 20_000_000, 7, timeouts::incrementAndGet).await())
                .isEqualTo(7);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
        assertThat(timeouts).hasValue(1);
    }

    @Test
    void countsTheDeadlineFromTheAccessNotFromTheWait() throws InterruptedException {
        Deferred deferred = new Deferred(answer, 500_000_000, 7, timeouts::incrementAndGet);
        Thread.sleep(510);
        long start = System.nanoTime();
        assertThat(deferred.await()).isEqualTo(7);
        assertThat(System.nanoTime() - start).isLessThan(400_000_000);
    }

    @Test
    void takesAFailureForNoAnswer() {
        answer.completeExceptionally(new IllegalStateException("daemon gone"));
        assertThat(new Deferred(answer, LONG, 7, timeouts::incrementAndGet).await())
                .isEqualTo(7);
        assertThat(timeouts).hasValue(1);
    }

    @Test
    void canBeAnsweredEarlyForAPauseWithoutBlamingTheDevice() {
        Deferred deferred = new Deferred(answer, LONG, 7, timeouts::incrementAndGet);
        deferred.answerNow();
        assertThat(deferred.await()).isEqualTo(7);
        assertThat(timeouts).hasValue(0);
        assertThat(answer).as("others still wait for the real answer").isNotDone();
    }
}
