package ringfence.telemetry;

import java.util.stream.Stream;
import org.agrona.concurrent.status.AtomicCounter;

/**
 * A counter of each type of an enum, of one owner, who counts; any thread may look, and sees each number as it was a moment
 * ago.
 *
 * @param <T> the types
 */
public final class CounterSet<T extends Enum<T> & CounterType> {
    private final AtomicCounter[] counters;

    /** All of them, 0 or what they were. @param owner its name, without spaces @param index of the owner among its kind */
    public CounterSet(Class<T> types, Counters source, String owner, int index) {
        counters = Stream.of(types.getEnumConstants())
                .map(type -> source.counter(type, owner, index))
                .toArray(AtomicCounter[]::new);
    }

    /** One more. */
    public void add(T what) {
        counters[what.ordinal()].incrementOpaque();
    }

    /** So many more. */
    public void add(T what, long more) {
        counters[what.ordinal()].getAndAddOpaque(more);
    }

    /** So many. */
    public void set(T what, long value) {
        counters[what.ordinal()].setOpaque(value);
    }

    /** How many there are now. */
    public long value(T what) {
        return counters[what.ordinal()].getOpaque();
    }
}
