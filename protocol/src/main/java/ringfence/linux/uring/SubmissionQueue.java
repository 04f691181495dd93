package ringfence.linux.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The submission side of a ring. One thread, the ring's owner, uses it. */
final class SubmissionQueue {
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final MemorySegment ring;
    private final MemorySegment entries;
    private final long headAt;
    private final long tailAt;
    private final long flagsAt;
    private final int size;
    private final int mask;
    private int tail;

    SubmissionQueue(MemorySegment params, MemorySegment ring, MemorySegment entries) {
        this.ring = ring;
        this.entries = entries;
        headAt = params.get(INT, RingLayout.SQ_HEAD);
        tailAt = params.get(INT, RingLayout.SQ_TAIL);
        flagsAt = params.get(INT, RingLayout.SQ_FLAGS);
        size = params.get(INT, RingLayout.SQ_ENTRIES);
        mask = ring.get(INT, params.get(INT, RingLayout.SQ_RING_MASK));
        long array = params.get(INT, RingLayout.SQ_ARRAY);
        for (int i = 0; i < size; i++) {
            // the indirection array is the identity for ever: entry i is at place i
            ring.set(INT, array + 4L * i, i);
        }
    }

    /**
     * Begins an entry: all zero but for operation, file and token.
     *
     * @return where it is, for the methods below; -1 if the queue is full
     */
    long begin(Op op, RingFile file, long token) {
        // acquire: pairs with the kernel's release of head; an entry before it has been read and may be overwritten
        if (tail - (int) WORD.getAcquire(ring, headAt) == size) {
            return -1;
        }
        long at = (tail & mask) * RingLayout.SQE_SIZE;
        for (long i = 0; i < RingLayout.SQE_SIZE; i += Long.BYTES) {
            entries.set(LONG, at + i, 0);
        }
        entries.set(BYTE, at + RingLayout.SQE_OPCODE, (byte) op.number());
        entries.set(LONG, at + RingLayout.SQE_USER_DATA, token);
        if (file == null) {
            entries.set(INT, at + RingLayout.SQE_FD, -1);
        } else {
            entries.set(INT, at + RingLayout.SQE_FD, file.number());
            entries.set(BYTE, at + RingLayout.SQE_FLAGS, (byte) (file.fixed() ? RingLayout.IOSQE_FIXED_FILE : 0));
        }
        tail++;
        return at;
    }

    void memory(long at, long address, int length) {
        entries.set(LONG, at + RingLayout.SQE_ADDR, address);
        entries.set(INT, at + RingLayout.SQE_LEN, length);
    }

    void offset(long at, long offset) {
        entries.set(LONG, at + RingLayout.SQE_OFF, offset);
    }

    void flags(long at, int flags) {
        entries.set(INT, at + RingLayout.SQE_RW_FLAGS, flags);
    }

    void buffer(long at, int index) {
        entries.set(SHORT, at + RingLayout.SQE_BUF_INDEX, (short) index);
    }

    /** Shows the kernel what has been prepared. @return how many entries it has not yet taken */
    int publish() {
        // release: pairs with the kernel's acquire of tail; the entries before it are complete
        WORD.setRelease(ring, tailAt, tail);
        return pending();
    }

    /** Entries that the kernel has not yet taken. */
    int pending() {
        return tail - (int) WORD.getAcquire(ring, headAt);
    }

    /** Whether the kernel asks us to enter it: completions wait to be worked out, or have no room in the queue. */
    boolean needsEnter() {
        // acquire: what we do after seeing the flag must not be done before it
        int flags = (int) WORD.getAcquire(ring, flagsAt);
        return (flags & (RingLayout.IORING_SQ_TASKRUN | RingLayout.IORING_SQ_CQ_OVERFLOW)) != 0;
    }

    int size() {
        return size;
    }
}
