package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The word beside the inflight region that says whether a flush has failed. A value that is neither ours nor zero is
 * another program's, or damage: it counts as failed, since claiming durability would be the worse mistake.
 */
final class StoredFlag implements FlushState.Store {
    /** Bytes. */
    static final int SIZE = 4;

    private static final int CLEAN = 0;
    private static final int FAILED = 0x464c_4644; // "DFLF" in memory
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
    /** A test lets the daemon die as by SIGKILL when a failure is stored and its request has not completed. */
    private static final boolean DIES = "FLUSH_STORED".equals(System.getProperty("ringfence.blk.crash"));

    private static final int LIKE_SIGKILL = 137;

    private final MemorySegment place;

    /** @param place at least {@link #SIZE} bytes, aligned to 4 */
    StoredFlag(MemorySegment place) {
        this.place = place;
    }

    @Override
    public boolean isFailed() {
        return (int) WORD.getAcquire(place, 0L) != CLEAN;
    }

    /** With release: it is in shared memory before a status byte that is written after it. */
    @Override
    public void setFailed(boolean failed) {
        WORD.setRelease(place, 0L, failed ? FAILED : CLEAN);
        if (DIES && failed) {
            Runtime.getRuntime().halt(LIKE_SIGKILL);
        }
    }
}
