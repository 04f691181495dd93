package ringfence.telemetry;

import java.util.function.Function;
import java.util.stream.Stream;
import org.agrona.concurrent.status.AtomicCounter;

/**
 * A counter for each constant of an enum, of one owner, who counts; any thread may look, and sees each number as it was a moment
 * ago.
 *
 * @param <T> the enum
 */
public final class CounterSet<T extends Enum<T>> {
    private final AtomicCounter[] counters;

    /**
     * All of them, 0 or what they were.
     *
     * @param types of the enum's constants
     * @param owner its name, without spaces
     * @param index of the owner among its kind
     */
    public CounterSet(Class<T> constants, Function<T, CounterType> types, Counters source, String owner, int index) {
        counters = Stream.of(constants.getEnumConstants())
                .map(constant -> source.counter(types.apply(constant), owner, index))
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
