package ringfence.net.cli;

import java.util.Arrays;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.telemetry.Counters;
import ringfence.telemetry.PortOwner;

/**
 * Whose the counters of each seat are, at a socket that many share: the front-end's that has it, by its name, so that they
 * are found and gone on with whatever seat it gets; the seat's, where it has no name or another seat has it. Any thread.
 */
final class SeatOwners {
    private final Linux linux;
    private final Counters counters;
    private final String[] named; // by seat; null: the counters are the seat's own
    private boolean kept;

    SeatOwners(Linux linux, Counters counters, int seats) {
        this.linux = linux;
        this.counters = counters;
        named = new String[seats];
    }

    /**
     * For the front-end that gets a seat.
     *
     * @param seat nobody counts for who had it before
     * @param own what the seat's own counters are called
     */
    synchronized String take(int seat, Fd frontend, String own) {
        named[seat] = null;
        named[seat] = PortOwner.ofPeer(linux, frontend)
                .filter(name -> !Arrays.asList(named).contains(name)) // two must not count in one place
                .orElse(null);
        return named[seat] == null ? own : named[seat];
    }

    /** Its front-end is gone. @param queues of the seat */
    synchronized void giveBack(int seat, int queues) {
        if (named[seat] != null && !kept) {
            for (int queue = 0; queue < queues; queue++) {
                counters.forget(named[seat] + "/q" + queue);
            }
            named[seat] = null;
        }
    }

    /** All end now, and a successor goes on: nothing is given back any more. */
    synchronized void keep() {
        kept = true;
    }
}
