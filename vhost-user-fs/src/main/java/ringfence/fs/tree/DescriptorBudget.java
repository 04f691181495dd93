package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** How many descriptors may be open for the guest. Any thread. */
public final class DescriptorBudget {
    private final int limit;
    private final AtomicInteger taken = new AtomicInteger();
    private final BooleanSupplier reclaim;

    /**
     * With none taken.
     *
     * @param limit most descriptors at a time
     * @param reclaim gives one back that can be done without; false: there is none
     */
    public DescriptorBudget(int limit, BooleanSupplier reclaim) {
        this.limit = limit;
        this.reclaim = reclaim;
    }

    /** Takes one; false: there is none left. */
    public boolean tryTake() {
        while (taken.incrementAndGet() > limit) {
            taken.decrementAndGet();
            if (!reclaim.getAsBoolean()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Takes one for a node that a request cannot do without, be there one left or not. What is above the limit then, at most
     * a few per queue, is taken from those that can be done without, now or the next time.
     */
    void take() {
        while (taken.incrementAndGet() > limit && reclaim.getAsBoolean()) {
            taken.decrementAndGet();
        }
    }

    /** Gives one back. */
    public void give() {
        taken.decrementAndGet();
    }

    /** How many are taken. */
    public int taken() {
        return taken.get();
    }
}
