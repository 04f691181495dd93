package ringfence.net.fabric;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.net.engine.MacAddress;

/**
 * A switch as it is asked for.
 *
 * @param pairs pairs of queues of each guest's port, 1 to 8
 * @param bound for each guest's port, 1 to {@link #MAX_GUESTS} of them, the only source address that it may use; empty: any
 * @param mtu that the guests are told, bytes; empty: the uplink's
 */
public record SwitchOptions(int pairs, List<Optional<MacAddress>> bound, OptionalInt mtu) {
    /** Most ports with guests. */
    public static final int MAX_GUESTS = 32;

    /** Copies the list and checks the range. */
    public SwitchOptions {
        bound = List.copyOf(bound);
        if (bound.isEmpty() || bound.size() > MAX_GUESTS) {
            throw new IllegalArgumentException("--backend=switch has " + bound.size() + " sockets, give 1 to "
                    + MAX_GUESTS + " by --socket-path or --fd");
        }
        List<MacAddress> given = bound.stream().flatMap(Optional::stream).toList();
        if (given.stream().distinct().count() < given.size()) {
            throw new IllegalArgumentException("--mac: two ports have the same address, give each its own");
        }
    }

    /** Ports with guests. */
    public int guests() {
        return bound.size();
    }
}
