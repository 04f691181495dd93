package ringfence.fs.state;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock of transactions, which take a microsecond: one who waits spins, then yields, then sleeps a little. Unlike those
 * of the JDK it allocates nothing when it is contended.
 */
final class StateLock {
    private static final int SPINS = 200;
    private static final int YIELDS = 20;
    private static final long SLEEP_NANOS = 20_000;

    private final AtomicReference<Thread> owner = new AtomicReference<>();

    /** @throws IllegalStateException if this thread has it */
    void lock() {
        Thread self = Thread.currentThread();
        if (owner.get() == self) {
            throw new IllegalStateException("a transaction of this thread is open");
        }
        for (int i = 0; owner.get() != null || !owner.compareAndSet(null, self); i++) {
            if (i < SPINS) {
                Thread.onSpinWait();
            } else if (i < SPINS + YIELDS) {
                Thread.yield();
            } else {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
        }
    }

    void unlock() {
        owner.setRelease(null); // no fence: what was written need not have reached the cache yet
    }

    boolean isMine() {
        return owner.get() == Thread.currentThread();
    }
}
