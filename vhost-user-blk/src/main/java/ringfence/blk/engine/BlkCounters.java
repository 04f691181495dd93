package ringfence.blk.engine;

import ringfence.blk.request.Operation;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.Counters;

/** What a queue of a disk has done. Its worker counts. */
public final class BlkCounters {
    private final CounterSet<BlkCounter> counters;

    BlkCounters(Counters source, String owner, int queue) {
        counters = new CounterSet<>(BlkCounter.class, source, owner, queue);
    }

    /** How many counters a queue has. */
    public static int count() {
        return BlkCounter.values().length;
    }

    /** A request that needs the image has ended. @param bytes of its data */
    void done(Operation operation, long bytes, boolean ok) {
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
}
