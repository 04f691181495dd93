package ringfence.blk.engine;

import ringfence.blk.request.Operation;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;
import ringfence.telemetry.Histogram;

/** What a queue of a disk has done. Its worker counts. */
public final class BlkCounters {
    private static final CounterType READ_LATENCY = new CounterType(
            320, "read-latency", "time from a read's being taken to its completion, of those that were timed");
    private static final CounterType WRITE_LATENCY = new CounterType(
            321, "write-latency", "time from a write's being taken to its completion, of those that were timed");

    private final CounterSet<BlkCounter> counters;
    private final Histogram reads;
    private final Histogram writes;
    /** The request that has ended last, if the image has done it. */
    private Operation ended = Operation.NONE;

    BlkCounters(Counters source, String owner, int queue) {
        counters = new CounterSet<>(BlkCounter.class, what -> what.type, source, owner, queue);
        reads = source.histogram(READ_LATENCY, owner, queue);
        writes = source.histogram(WRITE_LATENCY, owner, queue);
    }

    /** How many counters a queue has. */
    public static int count() {
        return BlkCounter.values().length + 2 * Histogram.count();
    }

    /** A request that needs no image has ended. */
    void answered() {
        ended = Operation.NONE;
    }

    /** A request that needs the image has ended. @param bytes of its data */
    void done(Operation operation, long bytes, boolean ok) {
        ended = ok ? operation : Operation.NONE;
        if (!ok) {
            counters.add(BlkCounter.ERRORS);
            return;
        }
        switch (operation) {
            case READ -> {
                counters.add(BlkCounter.READ_OPS);
                counters.add(BlkCounter.READ_BYTES, bytes);
            }
            case WRITE -> {
                counters.add(BlkCounter.WRITE_OPS);
                counters.add(BlkCounter.WRITE_BYTES, bytes);
            }
            case FLUSH -> counters.add(BlkCounter.FLUSH_OPS);
            case DISCARD, WRITE_ZEROES -> counters.add(BlkCounter.DISCARD_OPS);
            case NONE, GET_ID -> {} // the image has no part in them
        }
    }

    /** The request that has ended last has taken so long. */
    void took(long nanos) {
        switch (ended) {
            case READ -> {
                reads.record(nanos);
                bound(BlkCounter.READ_LATENCY_MIN, BlkCounter.READ_LATENCY_MAX, nanos);
            }
            case WRITE -> {
                writes.record(nanos);
                bound(BlkCounter.WRITE_LATENCY_MIN, BlkCounter.WRITE_LATENCY_MAX, nanos);
            }
            case FLUSH, DISCARD, WRITE_ZEROES, NONE, GET_ID -> {}
        }
    }

    private void bound(BlkCounter least, BlkCounter most, long nanos) {
        long micros = Math.max(1, nanos / 1000); // 0 is none
        long before = counters.value(least);
        if (before == 0 || micros < before) {
            counters.set(least, micros);
        }
        if (micros > counters.value(most)) {
            counters.set(most, micros);
        }
    }
}
