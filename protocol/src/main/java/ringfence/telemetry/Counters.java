package ringfence.telemetry;

import java.io.UncheckedIOException;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;

/** Gives out counters, each to one owner at a time, which alone writes it. Any thread. */
public final class Counters {
    private final Optional<CounterSlots> slots;

    private Counters(Optional<CounterSlots> slots) {
        this.slots = slots;
    }

    /** Counters that only this process sees, on the heap. */
    public static Counters hidden() {
        return new Counters(Optional.empty());
    }

    static Counters of(CounterSlots slots) {
        return new Counters(Optional.of(slots));
    }

    /**
     * A counter, 0 at first; it lives as long as the program. In a file, an owner of the same name and type goes on with
     * what the one before has counted.
     *
     * @param owner name of what is counted, without spaces, such as {@code net0/q1}
     * @param index of the owner among its kind
     * @throws IllegalStateException if there is no room
     */
    public AtomicCounter counter(CounterType type, String owner, int index) {
        return counter(type, type.kind(), 0, owner, index);
    }

    /** As {@link #counter}, but how long something took. */
    public Histogram histogram(CounterType type, String owner, int index) {
        return new Histogram(this, type, owner, index);
    }

    synchronized AtomicCounter counter(CounterType type, CounterKind kind, long bound, String owner, int index) {
        if (slots.isPresent()) {
            try {
                return slots.get().counter(type, kind, bound, owner, index);
            } catch (UncheckedIOException _) {
                // the file system is full: nobody sees it
            }
        }
        return new AtomicCounter(new UnsafeBuffer(new byte[CountersReader.COUNTER_LENGTH]), 0);
    }

    /** Gives an owner's counters up: readers see them no more, and their room is another's. It does not count any more. */
    public synchronized void forget(String owner) {
        slots.ifPresent(all -> all.forget(owner));
    }
}
