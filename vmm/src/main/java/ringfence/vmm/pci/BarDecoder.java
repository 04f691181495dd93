package ringfence.vmm.pci;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusConflictException;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;

/**
 * Keeps a function's BARs on the bus where its registers say. The registers are the truth: each change asks the owner to
 * compare them with what is mapped and to correct that. Several changes may be corrected at once.
 *
 * <p>A BAR answers while memory decoding is enabled and its range lies whole in an aperture and overlaps nothing else;
 * otherwise it does not answer, and the registers keep what the guest wrote. So sizing, or half of a 64-bit move, with
 * decoding enabled does no harm.
 */
final class BarDecoder {
    private static final long NOWHERE = -1;
    private static final int MEMORY_64_PREFETCHABLE = 0xC;

    private final ConfigSpace space;
    private final List<Bar> bars;
    private final long[] current;
    private final long[] refused; // where one could not be, so that it is not tried for ever
    private final long[] assigned;
    private BarHost host;

    BarDecoder(ConfigSpace space, List<Bar> bars) {
        this.space = space;
        this.bars = List.copyOf(bars);
        current = nowhere(bars.size());
        refused = nowhere(bars.size());
        assigned = nowhere(bars.size());
        for (Bar bar : bars) {
            int at = register(bar);
            space.set(at, 4, bar.wide() ? MEMORY_64_PREFETCHABLE : 0);
            space.allowWrites(at, bar.wide() ? 8 : 4, -bar.size());
        }
    }

    private static long[] nowhere(int length) {
        long[] places = new long[length];
        Arrays.fill(places, NOWHERE);
        return places;
    }

    private static int register(Bar bar) {
        return ConfigSpace.BAR0 + 4 * bar.index();
    }

    List<Bar> bars() {
        return bars;
    }

    /**
     * Where the BAR of this index is: where it answers; or else where its registers say, if that may be, as it may not while
     * they are sized; or else where it was put first. -1: in no slot.
     */
    synchronized long place(int index) {
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            if (bar.index() == index && host != null) {
                long written = space.get(register(bar), bar.wide() ? 8 : 4) & -bar.size();
                return current[i] != NOWHERE ? current[i] : host.holds(written, bar.size()) ? written : assigned[i];
            }
        }
        return NOWHERE;
    }

    /** Where the BAR of this index answers, or -1. */
    synchronized long address(int index) {
        for (int i = 0; i < bars.size(); i++) {
            if (bars.get(i).index() == index) {
                return current[i];
            }
        }
        return NOWHERE;
    }

    /** Gives each BAR an address, as firmware would; decoding stays off until the guest enables it. By the owner. */
    synchronized void attach(BarHost newHost) {
        host = newHost;
        try {
            for (int i = 0; i < bars.size(); i++) {
                Bar bar = bars.get(i);
                assigned[i] = newHost.apertureFor(bar).allocate(bar.size(), bar.alignment());
                space.write(register(bar), bar.wide() ? 8 : 4, assigned[i]);
            }
        } catch (PciException e) {
            detach();
            throw e;
        }
    }

    /** The space has been reset: takes the BARs off the bus and writes their first addresses anew. By the owner. */
    synchronized void reset() {
        correct();
        for (int i = 0; i < bars.size(); i++) {
            if (assigned[i] != NOWHERE) {
                space.write(register(bars.get(i)), bars.get(i).wide() ? 8 : 4, assigned[i]);
            }
        }
    }

    /** By the owner. */
    synchronized void detach() {
        space.write(ConfigSpace.COMMAND, 2, 0);
        correct();
        for (int i = 0; i < bars.size(); i++) {
            if (assigned[i] != NOWHERE) {
                host.apertureFor(bars.get(i)).free(assigned[i]);
                assigned[i] = NOWHERE;
            }
        }
        host = null;
    }

    /** A register has changed: by a vCPU thread. */
    Access changed() {
        BarHost to;
        synchronized (this) {
            if (host == null || isCorrect()) {
                return Done.DONE;
            }
            to = host;
        }
        CompletableFuture<Long> corrected = new CompletableFuture<>();
        try {
            to.owner().execute(() -> {
                correct();
                corrected.complete(0L);
            });
        } catch (RejectedExecutionException e) {
            return Done.DONE; // the machine is ending
        }
        return corrected.isDone()
                ? Done.DONE
                : new Deferred(corrected, to.deadlines().nanos(), 0, () -> {});
    }

    private boolean isCorrect() {
        for (int i = 0; i < current.length; i++) {
            if (wanted(i) != current[i]) {
                return false;
            }
        }
        return true;
    }

    private long wanted(int i) {
        Bar bar = bars.get(i);
        if (host == null || (space.get(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_MEMORY) == 0) {
            refused[i] = NOWHERE;
            return NOWHERE;
        }
        long address = space.get(register(bar), bar.wide() ? 8 : 4) & -bar.size();
        return host.holds(address, bar.size()) && address != refused[i] ? address : NOWHERE;
    }

    /** Takes off the bus what is wrong, then puts on it what is missing. By the owner. */
    private synchronized void correct() {
        for (int i = 0; i < current.length; i++) {
            if (current[i] != NOWHERE && wanted(i) != current[i]) {
                long from = current[i];
                current[i] = NOWHERE;
                host.table().changeMmio(bus -> bus.without(from));
                bars.get(i).listener().unmapped(from);
            }
        }
        for (int i = 0; i < current.length; i++) {
            long to = wanted(i);
            if (to != current[i]) {
                map(i, to);
            }
        }
    }

    private void map(int i, long to) {
        Bar bar = bars.get(i);
        try {
            host.table().changeMmio(bus -> bus.with(to, bar.size(), bar.device()));
        } catch (BusConflictException e) {
            refused[i] = to;
            return;
        }
        try {
            bar.listener().mapped(to);
            current[i] = to;
        } catch (RuntimeException e) {
            host.table().changeMmio(bus -> bus.without(to));
            refused[i] = to;
        }
    }
}
