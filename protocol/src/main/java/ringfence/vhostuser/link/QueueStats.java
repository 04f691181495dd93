package ringfence.vhostuser.link;

import org.agrona.concurrent.status.AtomicCounter;
import ringfence.telemetry.Counters;
import ringfence.telemetry.Histogram;

/**
 * What one queue has done since the daemon began. The queue's worker counts, once per batch; any thread may look, and
 * sees each number as it was a moment ago.
 */
public final class QueueStats {
    private final AtomicCounter chains;
    private final AtomicCounter batches;
    private final AtomicCounter interrupts;
    private final AtomicCounter sleeps;
    private final AtomicCounter kicks;
    private final AtomicCounter emptyPolls;
    private final AtomicCounter replayed;
    private final AtomicCounter poisoned;
    private final Histogram latency;

    /** @param owner the queue's name */
    QueueStats(Counters counters, String owner, int index) {
        chains = counters.counter(QueueCounter.CHAINS, owner, index);
        batches = counters.counter(QueueCounter.BATCHES, owner, index);
        interrupts = counters.counter(QueueCounter.INTERRUPTS, owner, index);
        sleeps = counters.counter(QueueCounter.SLEEPS, owner, index);
        kicks = counters.counter(QueueCounter.KICKS, owner, index);
        emptyPolls = counters.counter(QueueCounter.EMPTY_POLLS, owner, index);
        replayed = counters.counter(QueueCounter.REPLAYED, owner, index);
        poisoned = counters.counter(QueueCounter.POISONED, owner, index);
        latency = counters.histogram(QueueCounter.LATENCY, owner, index);
    }

    /** How many counters a queue has. */
    public static int count() {
        return QueueCounter.values().length - 1 + Histogram.count();
    }

    void batch(int taken) {
        chains.getAndAddOpaque(taken);
        batches.incrementOpaque();
    }

    void interrupt() {
        interrupts.incrementOpaque();
    }

    void sleep() {
        sleeps.incrementOpaque();
    }

    void kick() {
        kicks.incrementOpaque();
    }

    void emptyPoll() {
        emptyPolls.incrementOpaque();
    }

    void replayed(int heads) {
        replayed.getAndAddOpaque(heads);
    }

    void failedPoison() {
        poisoned.incrementOpaque();
    }

    void took(long nanos) {
        latency.record(nanos);
    }

    /** Chains taken, those done again not among them. */
    public long chains() {
        return chains.getOpaque();
    }

    /** Times that chains were taken. */
    public long batches() {
        return batches.getOpaque();
    }

    /** Interrupts sent. */
    public long interrupts() {
        return interrupts.getOpaque();
    }

    /** Times that the worker slept. */
    public long sleeps() {
        return sleeps.getOpaque();
    }

    /** Sleeps that the driver's kick has ended. */
    public long kicks() {
        return kicks.getOpaque();
    }

    /** Times that the worker found nothing to do. */
    public long emptyPolls() {
        return emptyPolls.getOpaque();
    }

    /** Chains of a predecessor that were done again. */
    public long replayed() {
        return replayed.getOpaque();
    }

    /** Chains that were in flight when two daemons died, and so were failed; those done again count them, too. */
    public long poisoned() {
        return poisoned.getOpaque();
    }
}
