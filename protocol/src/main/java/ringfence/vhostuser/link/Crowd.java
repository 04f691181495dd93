package ringfence.vhostuser.link;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many threads of a device are awake. While they are more than there are processors, one that looks for work in vain takes
 * its time from one that has some. Any thread; allocates nothing.
 */
final class Crowd {
    private final int processors;
    private final AtomicInteger awake = new AtomicInteger();

    /** Nobody yet. @param processors that there are for them */
    Crowd(int processors) {
        this.processors = processors;
    }

    /** On the processors that this process may use now. */
    static Crowd here() {
        return new Crowd(Runtime.getRuntime().availableProcessors());
    }

    /** One more is awake. */
    void wakes() {
        awake.incrementAndGet();
    }

    /** One less is: it sleeps, or has ended. */
    void sleeps() {
        awake.decrementAndGet();
    }

    /** Whether somebody waits for a processor. */
    boolean isTight() {
        return awake.get() > processors;
    }
}
