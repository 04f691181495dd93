package ringfence.blk.image;

import java.util.concurrent.locks.LockSupport;

/** How long to wait between two looks at a lock that a dying daemon's requests still hold. */
final class Pause {
    private static final long NANOS = 1_000_000;

    private Pause() {}

    static void shortly() {
        LockSupport.parkNanos(NANOS);
    }
}
