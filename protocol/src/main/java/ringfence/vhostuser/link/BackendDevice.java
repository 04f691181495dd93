package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import ringfence.memory.MemoryTable;

/**
 * What a daemon gives the {@link Backend}: one device. All methods are called on the connection's thread, one at a time;
 * what {@link #engine} returns belongs to the queue's worker.
 */
public interface BackendDevice {
    /** Virtio device type, {@link ringfence.virtio.DeviceType}. */
    int type();

    /**
     * The device's own feature bits. The server adds VERSION_1, EVENT_IDX, INDIRECT_DESC, and the two of vhost-user.
     */
    long features();

    /** Number of queues, 1 to 256. */
    int queueCount();

    /** The largest size of a queue, a power of two up to 32768. */
    int maxQueueSize();

    /** A copy of the configuration space as it is now. */
    byte[] config();

    /**
     * The driver writes into the configuration space.
     *
     * @param offset of the first byte; offset and length lie inside {@link #config}
     * @throws IllegalArgumentException if it may not: the front-end is told
     */
    void writeConfig(int offset, byte[] bytes);

    /**
     * The front-end itself sets a part of the configuration space, also what the driver may not write; all queues have
     * stopped.
     *
     * @param offset of the first byte; offset and length lie inside {@link #config}
     * @throws IllegalArgumentException if it may not: the front-end is told
     */
    default void setConfig(int offset, byte[] bytes) {
        writeConfig(offset, bytes);
    }

    /** The driver has accepted these of the bits that were offered. */
    void negotiated(long features);

    /**
     * A queue starts.
     *
     * @param memory all that the queue's chains can refer to, for engines that register buffers with the kernel; valid
     *     until the engine is closed. A new memory table closes the engine (drained) and makes another
     */
    QueueEngine engine(int queue, MemoryTable memory);

    /** The device is reset (RESET_DEVICE, or status 0). All queues have stopped. */
    void reset();

    /**
     * Bytes of state that outlive this process, 0 to 4096: they lie in the inflight region, which the front-end keeps
     * and hands to the successor.
     */
    default int persistentBytes() {
        return 0;
    }

    /**
     * Here they are, before any engine is made. Zeros at first; what a predecessor wrote, if the front-end hands back
     * its region, and then the fence is held. Private memory where the front-end does not track, or has handed in a
     * region without room for them.
     *
     * @param persistent {@link #persistentBytes} long; any thread of the device may use it, until {@link #detach}
     */
    default void attach(MemorySegment persistent) {}

    /** All queues have stopped; the bytes of {@link #attach} go away. */
    default void detach() {}

    /** The front-end is gone; all queues have drained and stopped. What must be durable is made so now. */
    default void disconnected() {}

    /**
     * Whether the front-end keeps the device's configuration space and status itself, as for a network card: then neither
     * CONFIG nor STATUS is offered, nor CONFIGURE_MEM_SLOTS, with which QEMU errs for such devices.
     */
    default boolean configSpaceIsFrontends() {
        return false;
    }

    /** Bytes that the inner state, which is to be saved and loaded (DEVICE_STATE), can have; 0: there is none. */
    default int mostState() {
        return 0;
    }

    /**
     * Writes the inner state; all queues have stopped.
     *
     * @param into has room for the most that there can be; its position is moved behind the state
     */
    default void saveState(ByteBuffer into) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes an inner state over; all queues have stopped.
     *
     * @param state what remains of it, hostile until checked
     * @throws IllegalArgumentException if it is refused
     */
    default void loadState(ByteBuffer state) {
        throw new UnsupportedOperationException();
    }
}
