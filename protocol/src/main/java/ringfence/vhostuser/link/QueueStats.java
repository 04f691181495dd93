package ringfence.vhostuser.link;

import ringfence.telemetry.CounterSet;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;
import ringfence.telemetry.Histogram;

/**
 * What one queue has done since the daemon began. The queue's worker counts, once per batch; any thread may look, and
 * sees each number as it was a moment ago.
 */
public final class QueueStats {
    private static final CounterType LATENCY = new CounterType(
            9, "latency", "time from a request's being taken to its completion, of one request at a time");

    private final CounterSet<QueueCounter> counters;
    private final Histogram latency;

    /** @param owner the queue's name */
    QueueStats(Counters source, String owner, int index) {
        counters = new CounterSet<>(QueueCounter.class, what -> what.type, source, owner, index);
        latency = source.histogram(LATENCY, owner, index);
    }

    /** How many counters a queue has. */
    public static int count() {
        return QueueCounter.values().length + Histogram.count();
    }

    void batch(int taken) {
        counters.add(QueueCounter.CHAINS, taken);
        counters.add(QueueCounter.BATCHES);
    }

    void interrupt() {
        counters.add(QueueCounter.INTERRUPTS);
    }

    void sleep() {
        counters.add(QueueCounter.SLEEPS);
    }

    void kick() {
        counters.add(QueueCounter.KICKS);
    }

    void emptyPoll() {
        counters.add(QueueCounter.EMPTY_POLLS);
    }

    void replayed(int heads) {
        counters.add(QueueCounter.REPLAYED, heads);
    }

    void failedPoison() {
        counters.add(QueueCounter.POISONED);
    }

    void took(long nanos) {
        latency.record(nanos);
    }

    /** Chains taken, those done again not among them. */
    public long chains() {
        return counters.value(QueueCounter.CHAINS);
    }

    /** Times that chains were taken. */
    public long batches() {
        return counters.value(QueueCounter.BATCHES);
    }

    /** Interrupts sent. */
    public long interrupts() {
        return counters.value(QueueCounter.INTERRUPTS);
    }

    /** Times that the worker slept. */
    public long sleeps() {
        return counters.value(QueueCounter.SLEEPS);
    }

    /** Sleeps that the driver's kick has ended. */
    public long kicks() {
        return counters.value(QueueCounter.KICKS);
    }

    /** Times that the worker found nothing to do. */
    public long emptyPolls() {
        return counters.value(QueueCounter.EMPTY_POLLS);
    }

    /** Chains of a predecessor that were done again. */
    public long replayed() {
        return counters.value(QueueCounter.REPLAYED);
    }

    /** Chains that were in flight when two daemons died, and so were failed; those done again count them, too. */
    public long poisoned() {
        return counters.value(QueueCounter.POISONED);
    }
}
