package ringfence.vmm.bus;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An access whose answer comes later: from the owner of a state, or from a daemon. Only the vCPU that made the access
 * waits, and not for long: when the deadline passes, or the answer fails, it goes on with the fallback.
 *
 * <p>Made by a device on the vCPU thread, awaited once by that thread. {@link #answerNow()} may be called by any thread:
 * a vCPU whose registers are to be read must have its access answered first.
 */
public final class Deferred implements Access {
    private final CompletableFuture<Long> answer;
    private final long start = System.nanoTime();
    private final long nanos;
    private final long fallback;
    private final Runnable onTimeout;

    /**
     * A deferred access.
     *
     * @param answer the value of a read; anything for a write. An exception counts as no answer
     * @param deadlineNanos how long the vCPU may wait, counted from now
     * @param fallback the value if there is no answer
     * @param onTimeout run once, by the vCPU thread, if there is no answer in time
     */
    public Deferred(CompletionStage<Long> answer, long deadlineNanos, long fallback, Runnable onTimeout) {
        // a copy: answering early must not complete a future that others look at
        this.answer = answer.toCompletableFuture().copy();
        this.nanos = deadlineNanos;
        this.fallback = fallback;
        this.onTimeout = onTimeout;
    }

    /** Waits for the answer or the deadline. Called once, by the vCPU thread. */
    public long await() {
        try {
            return answer.get(Math.max(0, nanos - (System.nanoTime() - start)), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            onTimeout.run();
            return fallback;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return fallback;
        }
    }

    /** Ends the wait with the fallback, unless the answer is there already; the device is not told. */
    public void answerNow() {
        answer.complete(fallback);
    }

    /** Whether {@link #await()} would return at once. */
    public boolean isAnswered() {
        return answer.isDone();
    }
}
