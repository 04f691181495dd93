package ringfence.vmm.bus;

import java.util.concurrent.TimeUnit;

/**
 * How long a guest's access may wait for a daemon or an owner: 10 s while the machine boots, for a daemon starts beside
 * it, and 1 s from then on. One object per machine; any thread.
 */
public final class Deadlines {
    private static final long BOOTING = TimeUnit.SECONDS.toNanos(10);
    private static final long RUNNING = TimeUnit.SECONDS.toNanos(1);

    private final long running;
    private volatile long nanos;

    /** Those of a machine that boots. */
    public Deadlines() {
        this(BOOTING, RUNNING);
    }

    /** Others, for tests. */
    public Deadlines(long booting, long running) {
        this.running = running;
        nanos = booting;
    }

    /** The machine has booted. */
    public void booted() {
        nanos = running;
    }

    /** Nanoseconds that an access may wait which begins now. */
    public long nanos() {
        return nanos;
    }
}
