package ringfence.vhostuser.link;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Moments at which a test lets a back-end die as by SIGKILL: {@code -Dringfence.crash=NAME} halts the JVM when it gets
 * there, {@code NAME:N} when it does so for the Nth time. Without the property the calls vanish when they are compiled.
 */
enum CrashPoint {
    /** The available ring was read, nothing is recorded. */
    TAKEN,
    /** In flight is set. */
    RECORDED,
    /** The engine has it. */
    SUBMITTED,
    /** The engine is done with it, nothing is recorded. */
    FINISHED,
    /** Between {@code next} and {@code last_batch_head}. */
    LINKED,
    /** The batch is announced, the used ring is untouched. */
    ANNOUNCED,
    /** The used ring's index says so, in flight is still set. */
    USED,
    /** In flight is cleared, the index is not copied. */
    CLEARED,
    /** All is recorded, nobody is interrupted. */
    NOTED,
    /** A queue is draining. */
    DRAINING,
    /** New memory is being mapped. */
    MAPPING;

    private static final String[] TOLD =
            System.getProperty("ringfence.crash", "").split(":", 2);
    private static final CrashPoint ARMED = TOLD[0].isEmpty() ? null : valueOf(TOLD[0]);
    private static final AtomicInteger LEFT = new AtomicInteger(TOLD.length == 1 ? 1 : Integer.parseInt(TOLD[1]));
    private static final int LIKE_SIGKILL = 137;

    /** Dies here, if told to. */
    static void reach(CrashPoint point) {
        if (ARMED != null && ARMED == point && LEFT.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(LIKE_SIGKILL);
        }
    }
}
