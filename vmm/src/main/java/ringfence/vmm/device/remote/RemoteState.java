package ringfence.vmm.device.remote;

/**
 * What is known of a device's connection: immutable, published by its link thread.
 *
 * @param phase where it stands
 * @param reason why it is not CONNECTED, one line; empty if it is
 * @param peer process id of the back-end; 0 if none is known
 * @param features offered to the guest; 0 before the first back-end
 * @param reconnects how many successors there have been
 * @param lastGapNanos how long the guest was without a back-end the last time; 0 if never
 * @param longestGapNanos the longest such time
 * @param hangs how often a back-end was found to hang
 * @param hung whether the one that is connected hangs: then the phase is LOST if it is to be replaced, else FAILED
 */
public record RemoteState(
        Phase phase,
        String reason,
        int peer,
        long features,
        int reconnects,
        long lastGapNanos,
        long longestGapNanos,
        int hangs,
        boolean hung) {
    /** Of a device that waits for its first back-end. */
    public static final RemoteState FIRST = new RemoteState(Phase.CONNECTING, "not tried yet", 0, 0, 0, 0, 0, 0, false);

    /** By hand: what a record does by itself is put together when it is first needed, ten classes in each start. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RemoteState that
                && phase == that.phase
                && peer == that.peer
                && features == that.features
                && reconnects == that.reconnects
                && lastGapNanos == that.lastGapNanos
                && longestGapNanos == that.longestGapNanos
                && hangs == that.hangs
                && hung == that.hung
                && reason.equals(that.reason);
    }

    @Override
    public int hashCode() {
        return 31 * phase.hashCode() + reason.hashCode();
    }

    RemoteState in(Phase next, String why) {
        return new RemoteState(next, why, peer, features, reconnects, lastGapNanos, longestGapNanos, hangs, false);
    }

    RemoteState hanging(boolean replaced, String why) {
        return new RemoteState(
                replaced ? Phase.LOST : Phase.FAILED,
                why,
                peer,
                features,
                reconnects,
                lastGapNanos,
                longestGapNanos,
                hangs + 1,
                true);
    }

    RemoteState connected(int pid, long offered, long gapNanos) {
        boolean first = features == 0;
        return new RemoteState(
                Phase.CONNECTED,
                "",
                pid,
                offered,
                first ? 0 : reconnects + 1,
                first ? 0 : gapNanos,
                first ? 0 : Math.max(longestGapNanos, gapNanos),
                hangs,
                false);
    }
}
