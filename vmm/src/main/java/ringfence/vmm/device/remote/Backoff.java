package ringfence.vmm.device.remote;

/**
 * When to try again: soon at first, for a daemon that is being started, then less and less often, for ever. A peer that
 * will not do is tried at a slower pace.
 */
final class Backoff {
    private static final long FIRST = 1_000_000;
    private static final long LAST = 100_000_000;
    private static final long FIRST_REFUSED = 1_000_000_000;
    private static final long LAST_REFUSED = 5_000_000_000L;

    private long due;
    private long pause;

    /** Due at once. */
    void reset(long now) {
        due = now;
        pause = 0;
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
