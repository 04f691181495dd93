package ringfence.fs.share;

import ringfence.fs.state.Session;

/** What the guest and we have settled by INIT, as the operations ask for it. Written by who serves INIT; read by all. */
public final class Features {
    private volatile boolean begun;
    private volatile long flags;

    /** As this session says. */
    public void set(Session session) {
        flags = session.flags();
        begun = session.begun();
    }

    /** Whether INIT has been. */
    boolean begun() {
        return begun;
    }

    /** Whether both sides know this one, a constant of {@link ringfence.fs.fuse.InitFlags}. */
    boolean has(long flag) {
        return (flags & flag) != 0;
    }
}
