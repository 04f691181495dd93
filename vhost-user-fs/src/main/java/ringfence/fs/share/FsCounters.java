package ringfence.fs.share;

import java.util.stream.Stream;
import org.agrona.concurrent.status.AtomicCounter;
import ringfence.telemetry.Counters;

/** What one queue has done since the daemon began. Its worker counts; any thread may look. */
public final class FsCounters {
    private final AtomicCounter[] counters;

    /** All of them, 0. @param owner the queue's name, without spaces @param index of the queue */
    public FsCounters(Counters source, String owner, int index) {
        counters = Stream.of(FsCounter.values())
                .map(type -> source.counter(type, owner, index))
                .toArray(AtomicCounter[]::new);
    }

    /** How many counters a queue has. */
    public static int count() {
        return FsCounter.values().length;
    }

    /** One more. The worker only. */
    public void add(FsCounter what) {
        counters[what.ordinal()].incrementOpaque();
    }

    /** So many more. The worker only. */
    public void add(FsCounter what, long more) {
        counters[what.ordinal()].getAndAddOpaque(more);
    }

    /** How many there are now. */
    public long value(FsCounter what) {
        return counters[what.ordinal()].getOpaque();
    }
}
