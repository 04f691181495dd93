package ringfence.it.fuse;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.fault.Gaps;

/**
 * Kills daemons at random moments, each when it has served for some milliseconds, while the owner of a
 * session works, and measures for how long nothing was answered. The owner calls {@link #step} for every request or some.
 */
public final class Killer implements AutoCloseable {
    private final Mortal daemons;
    private final int kills;
    private final SplittableRandom random;
    private final Gaps gaps = new Gaps();
    private final Thread thread;
    private volatile long killed;
    private volatile boolean ended;
    private int seen = 1;

    /** @param kills how often */
    public Killer(Mortal daemons, int kills, SplittableRandom random) {
        this.daemons = daemons;
        this.kills = kills;
        this.random = random;
        thread = Thread.ofPlatform().name("killer").daemon().start(this::run);
    }

    private void run() {
        for (int i = 0; i < kills && !ended; i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(20, 250)));
            daemons.awaitReady();
            killed = System.nanoTime();
            daemons.kill();
            while (killed != 0 && !ended) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /** Something has been answered. @return whether there are kills to come */
    public boolean step() {
        if (daemons.started() != seen) {
            seen = daemons.started();
            gaps.add(System.nanoTime() - killed);
            killed = 0;
        }
        return gaps.count() < kills;
    }

    /** Each from a kill to the first answer after it. */
    public Gaps gaps() {
        return gaps;
    }

    /** One line. */
    public String report() {
        return gaps.count() + " kills, gap " + gaps;
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
