package ringfence.fs.state;

import java.lang.foreign.MemorySegment;

/**
 * What one queue has begun and done last, by the request's {@code unique}. It belongs to the queue's thread. Entries of
 * another session are void.
 */
public final class RequestLog {
    /** The most bytes of a logged reply. */
    public static final int MAX_REPLY = 256;

    /** What is known of a request. */
    public enum Past {
        /** Nothing. */
        NEW,
        /** It was intended: perhaps it had its effect, perhaps not. {@link RequestLog#fact} says what was before. */
        BEGUN,
        /** It is done: {@link RequestLog#reply} is what the guest gets. */
        DONE
    }

    RequestLog() {}

    /** What is known of this request. One compare in the usual case. */
    public Past past(long unique, int opcode) {
        throw new UnsupportedOperationException();
    }

    /** Notes that a request with an effect outside of this state begins, and four facts of what was before. */
    public void intend(long unique, int opcode, long a, long b, long c, long d) {
        throw new UnsupportedOperationException();
    }

    /** A fact, 0 to 3, of the request that {@link #past} has said BEGUN of. */
    public long fact(int index) {
        throw new UnsupportedOperationException();
    }

    /**
     * The reply of the request that {@link #past} has said DONE of.
     *
     * @param into {@value #MAX_REPLY} bytes
     * @return its length; 0: the guest awaits none
     */
    public int reply(MemorySegment into) {
        throw new UnsupportedOperationException();
    }
}
