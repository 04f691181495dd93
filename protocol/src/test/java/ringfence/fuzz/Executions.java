package ringfence.fuzz;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.driver.FuzzedDataProviderImpl;
import com.code_intelligence.jazzer.driver.Opt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The executions of a fuzz target: none takes {@value #MOST_MILLIS} ms, and fuzzing fails if it ends before there were as
 * many as were asked for. A target has one, as a static extension of its class, and hands all of its inputs to it.
 *
 * <p>The clock on the wall tells of a machine that has other work, too, and the first execution of a path loads classes. So
 * an input that was slow is given again, and the shortest time counts: what is left then is the input's, be it work or a
 * wait. What does not come back at all is ended by the fuzzer, after the time in the pom ({@code fuzz.jvm}).
 */
public final class Executions implements AfterAllCallback {
    private static final long MOST_MILLIS = 100;
    private static final int TRIES = 10;

    private final long mostNanos;
    private long count;
    private boolean hasFailed;

    /** Of a target. */
    public Executions() {
        this(TimeUnit.MILLISECONDS.toNanos(MOST_MILLIS));
    }

    Executions(long mostNanos) {
        this.mostNanos = mostNanos;
    }

    /** Gives it an input. @throws AssertionError if it takes too long each time */
    public void run(byte[] data, Consumer<byte[]> target) {
        run(data.length, () -> target.accept(data));
    }

    /** The same, with one that is read piece by piece: from its beginning each time. */
    public void run(FuzzedDataProvider data, Consumer<FuzzedDataProvider> target) {
        run(data.remainingBytes(), () -> {
            ((FuzzedDataProviderImpl) data).reset(); // which its interface lacks
            target.accept(data);
        });
    }

    private void run(int bytes, Runnable execution) {
        count++;
        boolean passes = false;
        try {
            long shortest = nanos(execution);
            for (int i = 1; i < TRIES && shortest >= mostNanos; i++) {
                shortest = Math.min(shortest, nanos(execution));
            }
            if (shortest >= mostNanos) {
                throw new AssertionError("an input of " + bytes + " bytes takes "
                        + TimeUnit.NANOSECONDS.toMillis(shortest) + " ms, the shortest of " + TRIES + " times");
            }
            passes = true;
        } finally {
            hasFailed |= !passes;
        }
    }

    private static long nanos(Runnable execution) {
        long begin = System.nanoTime();
        execution.run();
        return System.nanoTime() - begin;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (Opt.isFuzzing.get()) {
            check(Opt.maxExecutions.get());
        }
    }

    /** What a target has found says enough, and has ended it. */
    void check(long wanted) {
        if (!hasFailed && count < wanted) {
            throw new AssertionError("only " + count + " executions of " + wanted);
        }
    }
}
