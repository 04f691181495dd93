package ringfence.vmm.device.remote;

/**
 * When to try again: soon at first, for a daemon that is being started, then less and less often, for ever. A peer that
 * will not do is tried at a slower pace, and so is the successor of several that did not last: each is a process, whose start
 * takes the processor from guests. Five seconds are the longest pause. Times are nanoseconds. One owner thread.
 */
final class Backoff {
    private static final long FIRST = 1_000_000;
    private static final long LAST = 100_000_000;
    private static final long FIRST_REFUSED = 1_000_000_000;
    private static final long LAST_REFUSED = 5_000_000_000L;
    /** One that has served for so long has lasted. */
    static final long LASTING = 1_000_000_000;
    /** So many that did not last are followed at once: whoever kills them may mean it. */
    static final int AT_ONCE = 3;

    private static final long FIRST_AFTER = 10_000_000;
    private static final int DOUBLINGS = 9;

    private long due;
    private long pause;
    private int shortLived;

    /** Due at once. */
    void reset(long now) {
        due = now;
        pause = 0;
    }

    /** One has served for so long, and is lost. */
    void lost(long now, long served) {
        shortLived = served < LASTING ? shortLived + 1 : 0;
        int over = shortLived - AT_ONCE;
        pause = 0;
        due = over <= 0 ? now : now + Math.min(LAST_REFUSED, FIRST_AFTER << Math.min(over - 1, DOUBLINGS));
    }

    /** Nobody was there. */
    void again(long now) {
        pause = pause == 0 ? FIRST : Math.min(LAST, pause * 3 / 2);
        due = now + pause;
    }

    /** Who was there will not do. */
    void refused(long now) {
        pause = Math.clamp(pause * 2, FIRST_REFUSED, LAST_REFUSED);
        due = now + pause;
    }

    /** Milliseconds until it is due, rounded up; 0: it is. */
    int millis(long now) {
        return (int) Math.max(0, (due - now + 999_999) / 1_000_000);
    }
}
