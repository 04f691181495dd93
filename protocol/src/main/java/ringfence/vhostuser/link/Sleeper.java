package ringfence.vhostuser.link;

import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Epoll;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * How a thread waits for the queues that it serves: it looks for a while, then sleeps until a kick, an engine or a
 * connection's thread wakes it. For how long it looks adapts: a sleep shorter than the limit means that looking longer
 * would have paid.
 *
 * <p>A kick is watched edge-triggered and never read while its queue runs: each kick is an edge, one system call is
 * saved, and a front-end that takes the count away itself cannot make us block in a read.
 *
 * <p>Its own thread only, but for {@link #watch}, {@link #forget} and {@link #wake}, which are any thread's.
 */
final class Sleeper implements AutoCloseable {
    /** Most that one sleep is told of; the rest is told by the next, which does not sleep. */
    private static final int CAPACITY = 32;

    private static final long WAKE = -1;
    private static final long OTHER = -2;
    /** Shorter than this, looking is given up: about the cost of a sleep and a wake-up. */
    private static final long MIN_SPIN_NANOS = 4_000;
    /** For so long, looking takes a free processor from nobody who could use it in that time; then others come first. */
    private static final long ALONE_NANOS = 10_000;
    /** A ring without kicks is looked at at least so often. */
    private static final long MAX_POLL_NANOS = 1_000_000;

    private static final long MIN_POLL_NANOS = 20_000;

    private final IdlePolicy policy;
    private final Crowd crowd;
    private final Epoll epoll;
    private final EventFd wake;
    private final long[] kicked = new long[CAPACITY];
    private int kicks;
    private long budget;
    private long idleSince;
    private long pollNanos = MIN_POLL_NANOS;

    /** Ready to wait, for nobody yet: its thread is awake. @param crowd that thread is one of these */
    Sleeper(Linux linux, IdlePolicy policy, Crowd crowd) {
        this.policy = policy;
        this.crowd = crowd;
        budget = policy.maxSpinNanos();
        wake = linux.events().eventFd();
        Epoll watched = null;
        try {
            watched = linux.events().epoll(CAPACITY);
            watched.add(wake.fd(), Epoll.IN, WAKE);
        } catch (RuntimeException e) {
            if (watched != null) {
                watched.close();
            }
            wake.close();
            throw e;
        }
        epoll = watched;
        crowd.wakes();
    }

    /**
     * Waits for a queue, too.
     *
     * @param token of the queue, 0 or above: {@link #kicked} names it
     * @param kick null: none comes
     * @param engine null: it needs no wake-up
     * @param source wakes at each edge; null: none
     */
    void watch(int token, EventFd kick, Fd engine, Fd source) {
        Fd[] watched = {kick == null ? null : kick.fd(), engine, source};
        int[] events = {Epoll.IN | Epoll.EDGE, Epoll.IN, Epoll.IN | Epoll.EDGE};
        long[] tokens = {token, OTHER, OTHER};
        int done = 0;
        try {
            for (; done < watched.length; done++) {
                if (watched[done] != null) {
                    epoll.add(watched[done], events[done], tokens[done]);
                }
            }
        } catch (RuntimeException e) { // too many for this user
            for (int i = 0; i < done; i++) {
                forget(watched[i]);
            }
            throw e;
        }
    }

    /** Ends a {@link #watch}: before any of the three is closed, for others may have them open, too. */
    void forget(EventFd kick, Fd engine, Fd source) {
        forget(kick == null ? null : kick.fd());
        forget(engine);
        forget(source);
    }

    private void forget(Fd watched) {
        if (watched != null) {
            epoll.remove(watched);
        }
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
            if (now - idleSince < ALONE_NANOS && !crowd.isTight()) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
            return true;
        }
        return false;
    }

    /**
     * Sleeps. Kicks and wake-ups are armed.
     *
     * @param polls whether there is a ring without kicks, so that it must not sleep for long
     */
    void sleep(boolean polls) {
        long before = System.nanoTime();
        kicks = 0;
        crowd.sleeps();
        try {
            if (polls) {
                poll();
            } else {
                await(-1);
            }
        } finally {
            crowd.wakes();
        }
        adapt(System.nanoTime() - before);
        idleSince = 0;
    }

    /** How many kicks the last sleep has seen. */
    int kicks() {
        return kicks;
    }

    /** The token of the i-th queue that was kicked. */
    int kicked(int i) {
        return (int) kicked[i];
    }

    /** Nobody kicks: shorter sleeps first, then longer. The engine and the connection's thread still wake it. */
    private void poll() {
        if (pollNanos < MAX_POLL_NANOS) {
            LockSupport.parkNanos(pollNanos);
            await(0);
        } else {
            await(1);
        }
        pollNanos = Math.min(pollNanos * 2, MAX_POLL_NANOS);
    }

    private void await(int millis) {
        int ready = epoll.await(millis);
        for (int i = 0; i < ready; i++) {
            long token = epoll.token(i);
            if (token == WAKE) {
                wake.drain();
            } else if (token >= 0) {
                kicked[kicks++] = token;
            }
        }
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
        crowd.sleeps();
        epoll.close();
        wake.close();
    }
}
