package ringfence.vhostuser.link;

import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Epoll;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * How a worker waits: it looks for a while, then sleeps until kick, engine or the connection's thread wakes it. For how
 * long it looks adapts: a sleep shorter than the limit means that looking longer would have paid.
 *
 * <p>The kick is watched edge-triggered and never read while the queue runs: each kick is an edge, one system call is
 * saved, and a front-end that takes the count away itself cannot make us block in a read.
 */
final class Sleeper implements AutoCloseable {
    private static final int EDGE = 1 << 31;
    private static final long WAKE = 1;
    private static final long OTHER = 0;
    private static final long KICK = 2;
    /** Shorter than this, looking is given up: about the cost of a sleep and a wake-up. */
    private static final long MIN_SPIN_NANOS = 4_000;
    /** A ring without kicks is looked at at least so often. */
    private static final long MAX_POLL_NANOS = 1_000_000;

    private static final long MIN_POLL_NANOS = 20_000;

    private final IdlePolicy policy;
    private final Epoll epoll;
    private final EventFd wake;
    private final boolean polled;
    private long budget;
    private long idleSince;
    private long pollNanos = MIN_POLL_NANOS;

    /**
     * Ready to wait.
     *
     * @param kick null: none comes
     * @param engine null: it needs no wake-up
     * @param source wakes at each edge; null: none
     */
    Sleeper(Linux linux, IdlePolicy policy, EventFd kick, Fd engine, Fd source) {
        this.policy = policy;
        polled = kick == null;
        budget = policy.maxSpinNanos();
        wake = linux.events().eventFd();
        Epoll watched = null;
        try {
            watched = linux.events().epoll(4);
            watched.add(wake.fd(), Epoll.IN, WAKE);
            if (kick != null) {
                watched.add(kick.fd(), Epoll.IN | EDGE, KICK);
            }
            if (engine != null) {
                watched.add(engine, Epoll.IN, OTHER);
            }
            if (source != null) {
                watched.add(source, Epoll.IN | EDGE, OTHER);
            }
        } catch (RuntimeException e) {
            if (watched != null) {
                watched.close();
            }
            wake.close();
            throw e;
        }
        epoll = watched;
    }

    /** There was work. */
    void worked() {
        idleSince = 0;
        pollNanos = MIN_POLL_NANOS;
    }

    /** There was none: whether to look again at once. */
    boolean spin() {
        if (policy.neverSleeps()) {
            Thread.onSpinWait();
            return true;
        }
        if (budget == 0) {
            return false;
        }
        long now = System.nanoTime();
        if (idleSince == 0) {
            idleSince = now;
        }
        if (now - idleSince < budget) {
            Thread.onSpinWait();
            return true;
        }
        return false;
    }

    /** Sleeps. Kicks and wake-ups are armed. @return whether a kick has ended it */
    boolean sleep() {
        long before = System.nanoTime();
        boolean kicked = polled ? poll() : await(-1);
        adapt(System.nanoTime() - before);
        idleSince = 0;
        return kicked;
    }

    /** Nobody kicks: shorter sleeps first, then longer. The engine and the connection's thread still wake it. */
    private boolean poll() {
        if (pollNanos < MAX_POLL_NANOS) {
            LockSupport.parkNanos(pollNanos);
            await(0);
        } else {
            await(1);
        }
        pollNanos = Math.min(pollNanos * 2, MAX_POLL_NANOS);
        return false;
    }

    private boolean await(int millis) {
        int ready = epoll.await(millis);
        boolean kicked = false;
        for (int i = 0; i < ready; i++) {
            if (epoll.token(i) == WAKE) {
                wake.drain();
            }
            kicked |= epoll.token(i) == KICK;
        }
        return kicked;
    }

    private void adapt(long slept) {
        long max = policy.maxSpinNanos();
        if (slept < max) {
            budget = Math.min(max, Math.max(budget * 2, MIN_SPIN_NANOS));
        } else {
            budget = budget / 2 < MIN_SPIN_NANOS ? 0 : budget / 2;
        }
    }

    /** Ends a sleep. Any thread. */
    void wake() {
        wake.signal();
    }

    @Override
    public void close() {
        epoll.close();
        wake.close();
    }
}
