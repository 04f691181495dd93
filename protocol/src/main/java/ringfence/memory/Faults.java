package ringfence.memory;

/**
 * Asks for the errors of accesses that have failed. Of memory whose file has been truncated HotSpot tells by an
 * {@link InternalError} that it throws where the thread next passes a safepoint, which may be in work for somebody else. So
 * who has touched such memory passes one, and the error is thrown there. One thread.
 */
final class Faults {
    /** Volatile, so that no compiler knows how often {@link #raise} goes round: a loop that it can count has no safepoint. */
    private volatile int rounds = 3;

    /** @throws InternalError if an access of this thread has failed before */
    void raise() {
        int i = 0;
        while (i < rounds) { // without a pause, which takes 40 ns a time
            i++;
        }
    }
}
