package ringfence.fs.share;

import ringfence.fs.fuse.Opcode;

/** Where a test stops a request as SIGKILL would. In production nobody listens. */
@FunctionalInterface
public interface CrashPoints {
    /** The moments of a request. */
    enum At {
        /** Read, nothing done. */
        RECEIVED,
        /** Noted before its effect. */
        INTENDED,
        /** Its effect is there, nothing noted of that. */
        EFFECT,
        /** What it means is decided, the transaction is not committed. */
        DECIDED,
        /** All is noted; the guest knows nothing. */
        COMMITTED,
        /** The guest could know. */
        REPLIED
    }

    /** Nobody stops anything. */
    CrashPoints NONE = (_, _) -> {};

    /** A request has come to this point. */
    void reach(At point, Opcode opcode);
}
