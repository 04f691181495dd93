package ringfence.vmm.device.remote;

import java.util.List;
import ringfence.vhostuser.link.PeerException;
import ringfence.virtio.queue.QueueConfig;

/** What a {@link Link} tells its device. On the link thread. */
interface LinkEvents {
    /**
     * Whether this back-end can stand in for what the guest has seen.
     *
     * @param acknowledged what the guest has taken; 0: nothing yet
     * @param resized how its configuration space may begin instead, for the one before went while it was asked for that;
     *     null: not otherwise
     * @throws PeerException FATAL, with the reason, if it cannot
     */
    void admit(long features, long acknowledged, byte[] config, byte[] resized);

    /**
     * It is set up.
     *
     * @param gapNanos since the one before was lost
     * @param anew whether the guest waits for a reset, and will see features and configuration anew
     */
    void connected(int pid, long features, byte[] config, long gapNanos, boolean anew);

    /** The back-end has gone or failed us. @param alive whether its process lives */
    void lost(String why, boolean alive);

    /** Nobody could be connected to. @param refused somebody was there and will not do */
    void notConnected(String why, boolean refused);

    /** These queues run in which what is made available has to be used; told often. */
    void serves(List<QueueConfig> queues);

    /** The configuration space as it is now. */
    void configRead(byte[] config);

    /** The guest must reset the device. */
    void needsReset(String why);
}
