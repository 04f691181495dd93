package ringfence.vmm.device.remote;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.vhostuser.link.Threads;

/**
 * The thread that looks whether back-ends hang, four times a second, for all devices of a VM. It waits for none of them. A
 * look counts for half a second at most, so that a VMM that was stopped itself, or a host that was suspended, blames nobody.
 */
public final class HangWatch implements AutoCloseable {
    private static final long BETWEEN = TimeUnit.MILLISECONDS.toNanos(250);

    private final List<Vigil> vigils = new CopyOnWriteArrayList<>();
    private final Thread thread = Thread.ofPlatform().name("hangs").daemon().unstarted(this::run);
    private volatile boolean closing;

    /** Begins to look. */
    public HangWatch() {
        thread.start();
    }

    void add(Vigil vigil) {
        vigils.add(vigil);
    }

    /** No look at it is under way any more when this returns. */
    void remove(Vigil vigil) {
        vigils.remove(vigil);
        vigil.end();
    }

    private void run() {
        long before = System.nanoTime();
        while (!closing) {
            LockSupport.parkNanos(BETWEEN);
            long now = System.nanoTime();
            long passed = Math.min(now - before, 2 * BETWEEN);
            before = now;
            vigils.forEach(vigil -> vigil.look(passed));
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        Threads.awaitEnd(thread);
    }
}
