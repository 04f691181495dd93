package ringfence.net.engine;

import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Timer;

/**
 * One queue before its limiter: it notes what the queue's counters say has passed, and wakes the queue's worker when more
 * may. One owner thread.
 */
final class Gate implements AutoCloseable {
    /** A sleep is no longer than that, since the limits may have changed. */
    private static final long LONGEST_NANOS = 100_000_000;

    private final Limiter limiter;
    private final QueueCounters counters;
    private final Timer timer;
    private long frames;
    private long bytes;
    private boolean armed;

    Gate(Linux linux, Limiter limiter, QueueCounters counters) {
        this.limiter = limiter;
        this.counters = counters;
        timer = new Timer(linux);
        frames = counters.packets();
        bytes = counters.bytes();
    }

    boolean isOpen() {
        return limiter.isOpen();
    }

    /** The queue has done something. */
    void note() {
        long nowFrames = counters.packets();
        long nowBytes = counters.bytes();
        limiter.passed(nowFrames - frames, nowBytes - bytes);
        frames = nowFrames;
        bytes = nowBytes;
    }

    /** Readable when the gate may be open again. */
    Fd wakeup() {
        return timer.fd();
    }

    /** It is shut, and the worker is about to sleep. @return whether it must not: it has opened */
    boolean arm() {
        long nanos = limiter.nanosUntilOpen();
        if (nanos <= 0 && limiter.isOpen()) {
            return true;
        }
        timer.arm(Math.max(1, Math.min(nanos, LONGEST_NANOS)));
        armed = true;
        return false;
    }

    void disarm() {
        if (armed) {
            armed = false;
            timer.disarm();
        }
    }

    @Override
    public void close() {
        timer.close();
    }
}
