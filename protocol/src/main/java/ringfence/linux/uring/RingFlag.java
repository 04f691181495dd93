package ringfence.linux.uring;

/** How a ring is set up ({@code IORING_SETUP_...}), with the version of Linux that brought it. */
public enum RingFlag {
    /** The size of the completion queue is given (5.5). */
    CQSIZE(1 << 3),
    /** It starts disabled, so that any thread may make it and the thread that submits first owns it (5.10). */
    R_DISABLED(1 << 6),
    /** An invalid entry does not hold up those behind it (5.18). */
    SUBMIT_ALL(1 << 7),
    /** Completions do not interrupt the owner with a signal (5.19). */
    COOP_TASKRUN(1 << 8),
    /** A flag in the submission queue says that there are completions to be worked out (5.19). */
    TASKRUN_FLAG(1 << 9),
    /** One thread submits (6.0). */
    SINGLE_ISSUER(1 << 12),
    /** Completions are worked out when the owner asks for them, and not before (6.1). */
    DEFER_TASKRUN(1 << 13);

    private final int bits;

    RingFlag(int bits) {
        this.bits = bits;
    }

    /** Its bit. */
    public int bits() {
        return bits;
    }

    static int bits(Iterable<RingFlag> flags) {
        int bits = 0;
        for (RingFlag flag : flags) {
            bits |= flag.bits;
        }
        return bits;
    }
}
