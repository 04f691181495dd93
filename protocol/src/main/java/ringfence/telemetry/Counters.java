package ringfence.telemetry;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/** Gives out counters, each to one owner at a time, which alone writes it. One thread at a time. */
public final class Counters {
    private final Optional<CountersManager> manager;
    private final Map<String, AtomicCounter> given = new HashMap<>();

    private Counters(Optional<CountersManager> manager) {
        this.manager = manager;
    }

    /** Counters that only this process sees, on the heap. */
    public static Counters hidden() {
        return new Counters(Optional.empty());
    }

    static Counters of(CountersManager manager) {
        return new Counters(Optional.of(manager));
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
        return manager.isEmpty()
                ? new AtomicCounter(new UnsafeBuffer(new byte[CountersReader.COUNTER_LENGTH]), 0)
                : given.computeIfAbsent(
                        owner + " " + type.label(),
                        label -> manager.get().newCounter(label, type.id(), key -> key.putInt(0, index)));
    }
}
