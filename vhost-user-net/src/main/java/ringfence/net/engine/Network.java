package ringfence.net.engine;

import java.util.OptionalInt;
import ringfence.vhostuser.link.QueueEngine;

/** Where a device's frames go to and come from. Its methods are called by the connection's thread. */
public interface Network {
    /** Most pairs of queues, 1 to {@link NetOptions#MAX_PAIRS}. */
    int pairs();

    /** Its MTU, bytes; empty if it is not known. */
    OptionalInt mtu();

    /** Whether UDP segments may be large. */
    boolean uso();

    /** Feature bits of {@link ringfence.virtio.NetLayout} that it cannot have; they are not offered. */
    default long withheld() {
        return 0;
    }

    /**
     * A queue of the way to the guest starts.
     *
     * @param accepted by the driver
     * @param counters of that queue
     */
    FrameReceiver receiver(int pair, NetFeatures accepted, QueueCounters counters);

    /** A queue of the way from the guest starts. */
    QueueEngine transmitter(int pair, NetFeatures accepted, QueueCounters counters);

    /** The front-end is gone; all queues have stopped. */
    default void disconnected() {}
}
