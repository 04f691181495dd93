package ringfence.vmm.cli;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Whether the VMM gets on, for systemd's watchdog: whether each of its threads that must not hang, the machine's owner and
 * the API's, answers. One that is asked answers when it comes round to it, and is asked again after that. Of the guest
 * nothing is asked: that may be paused, slow, or gone. One thread asks.
 */
final class SignsOfLife implements BooleanSupplier {
    /** An owner may wait for several daemons that do not end, one after the other. */
    private static final long PATIENCE = TimeUnit.MINUTES.toNanos(2);

    private final List<Asked> all;

    /** @param ways each takes what its thread is to run, soon; or answers that it takes nothing now */
    SignsOfLife(List<Predicate<Runnable>> ways) {
        all = ways.stream().map(Asked::new).toList();
    }

    @Override
    public boolean getAsBoolean() {
        return getsOn(System.nanoTime());
    }

    boolean getsOn(long now) {
        boolean silent = false;
        for (Asked one : all) {
            silent |= one.isSilent(now);
        }
        return !silent;
    }

    private static final class Asked {
        private final Predicate<Runnable> way;
        private volatile boolean waiting;
        private boolean taken;
        private long since;

        Asked(Predicate<Runnable> way) {
            this.way = way;
        }

        boolean isSilent(long now) {
            boolean first = !waiting;
            if (first) {
                since = now;
            }
            if (first || !taken) {
                waiting = true;
                taken = way.test(() -> waiting = false);
            }
            return now - since > PATIENCE;
        }
    }
}
