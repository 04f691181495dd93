package ringfence.linux.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The completion side of a ring. One thread, the ring's owner, uses it. */
final class CompletionQueue {
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long headAt;
    private final long tailAt;
    private final long flagsAt;
    private final long entriesAt;
    private final int mask;
    private int head;
    private long ended;

    CompletionQueue(MemorySegment params, MemorySegment ring) {
        this.ring = ring;
        headAt = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_HEAD);
        tailAt = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_TAIL);
        flagsAt = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_FLAGS);
        entriesAt = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_CQES);
        mask = ring.get(ValueLayout.JAVA_INT, params.get(ValueLayout.JAVA_INT, RingLayout.CQ_RING_MASK));
    }

    /** Takes up to {@code limit} completions. @return how many */
    int take(CompletionHandler handler, int limit) {
        // acquire: pairs with the kernel's release of tail; the entries before it are complete
        int tail = (int) WORD.getAcquire(ring, tailAt);
        int taken = 0;
        try {
            while (head != tail && taken < limit) {
                long at = entriesAt + (head & mask) * RingLayout.CQE_SIZE;
                long token = ring.get(ValueLayout.JAVA_LONG, at + RingLayout.CQE_USER_DATA);
                int result = ring.get(ValueLayout.JAVA_INT, at + RingLayout.CQE_RES);
                int flags = ring.get(ValueLayout.JAVA_INT, at + RingLayout.CQE_FLAGS);
                head++;
                taken++;
                ended += (flags & RingLayout.IORING_CQE_F_MORE) == 0 ? 1 : 0;
                handler.complete(token, result);
            }
        } finally {
            // release: pairs with the kernel's acquire of head; we have read the entries that it may now overwrite
            WORD.setRelease(ring, headAt, head);
        }
        return taken;
    }

    /** Whether {@link #take} would find something. */
    boolean isEmpty() {
        return head == (int) WORD.getAcquire(ring, tailAt);
    }

    /** Whether the kernel signals the ring's eventfd. Returns when whatever completes from now on is announced so. */
    void announces(boolean on) {
        WORD.setVolatile(ring, flagsAt, on ? 0 : RingLayout.IORING_CQ_EVENTFD_DISABLED);
        // full: the word must be out before the caller looks at the tail; the kernel moves the tail, then reads the
        // word
        VarHandle.fullFence();
    }

    /** Requests that have ended since the ring was made. */
    long ended() {
        return ended;
    }
}
