package ringfence.vhostuser.link;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one queue has done since the daemon began. The queue's worker counts, once per batch; any thread may look, and
 * sees each number as it was a moment ago.
 */
public final class QueueStats {
    private static final VarHandle CHAINS = handle("chains");
    private static final VarHandle BATCHES = handle("batches");
    private static final VarHandle INTERRUPTS = handle("interrupts");
    private static final VarHandle SLEEPS = handle("sleeps");
    private static final VarHandle REPLAYED = handle("replayed");

    private long chains;
    private long batches;
    private long interrupts;
    private long sleeps;
    private long replayed;

    QueueStats() {}

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(QueueStats.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    void batch(int taken) {
        CHAINS.setOpaque(this, chains + taken);
        BATCHES.setOpaque(this, batches + 1);
    }

    void interrupt() {
        INTERRUPTS.setOpaque(this, interrupts + 1);
    }

    void sleep() {
        SLEEPS.setOpaque(this, sleeps + 1);
    }

    void replayed(int heads) {
        REPLAYED.setOpaque(this, replayed + heads);
    }

    /** Chains taken, those done again not among them. */
    public long chains() {
        return (long) CHAINS.getOpaque(this);
    }

    /** Times that chains were taken. */
    public long batches() {
        return (long) BATCHES.getOpaque(this);
    }

    /** Interrupts sent. */
    public long interrupts() {
        return (long) INTERRUPTS.getOpaque(this);
    }

    /** Times that the worker slept. */
    public long sleeps() {
        return (long) SLEEPS.getOpaque(this);
    }

    /** Chains of a predecessor that were done again. */
    public long replayed() {
        return (long) REPLAYED.getOpaque(this);
    }
}
