package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicInteger;

/** How many descriptors may be open for the guest. Any thread. */
public final class DescriptorBudget {
    private final int limit;
    private final AtomicInteger taken = new AtomicInteger();

    /** @param limit most descriptors at a time */
    public DescriptorBudget(int limit) {
        this.limit = limit;
    }

    /** Takes one; false: there is none left. */
    public boolean tryTake() {
        if (taken.incrementAndGet() > limit) {
            taken.decrementAndGet();
            return false;
        }
        return true;
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
