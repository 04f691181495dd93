package ringfence.vmm.device;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * A virtio device as its transport sees it, whether it runs here or in a daemon: type, offered features, configuration
 * space, and queues that start and stop one at a time. No other life-cycle flag exists.
 *
 * <p>Any thread may call any method, none blocks: what takes time answers with a stage. A stage that fails names the
 * reason in its exception's message, and the transport then asks the guest for a reset.
 */
public interface VirtioDevice extends AutoCloseable {
    /** Its name within the machine, such as {@code _disk0}. */
    String id();

    /** Device type, virtio 1.3, chapter 5. */
    int type();

    /** How many queues a guest may set up, 0 to 1024. Fixed. */
    int queueCount();

    /** The largest size of that queue, a power of two up to 32768. Fixed. */
    int maxQueueSize(int queue);

    /**
     * Whether {@link #features} and {@link #readConfig} answer with what the device really is; until then they answer 0.
     * Once true, it stays so, even if the daemon dies: then the last known values answer.
     */
    boolean isReady();

    /** Runs {@code action} once, when the device is ready: at once if it is, else on the device's own thread. */
    void onReady(Runnable action);

    /** The feature bits offered to the guest, VIRTIO_F_VERSION_1 among them; 0 until it is ready. */
    long features();

    /**
     * Reads the configuration space, little-endian. Beyond its end it reads 0.
     *
     * @param offset 0 to 4095
     * @param width 1, 2, 4 or 8 bytes
     */
    long readConfig(int offset, int width);

    /**
     * Writes the configuration space. What the guest may not write has no effect. See {@link #readConfig}.
     *
     * @return done once reads answer by it
     */
    CompletionStage<Void> writeConfig(int offset, int width, long value);

    /** Bytes of configuration space, 0 to 4096. Fixed. */
    int configSize();

    /**
     * Tells what was negotiated: a subset of {@link #features} with VIRTIO_F_VERSION_1. Comes before any queue is started,
     * again after a {@link #reset}.
     */
    void acknowledge(long features);

    /**
     * Starts a queue that is stopped. Done once the device takes chains from it.
     *
     * @param config as the guest set it up, unchecked: a queue that cannot be is a stage that fails
     */
    CompletionStage<Void> startQueue(int index, QueueConfig config, QueueState from, QueueEvents events);

    /**
     * Stops a queue. Done once nothing of it is in flight and the device touches its memory no more.
     *
     * @return where it stands
     */
    CompletionStage<QueueState> stopQueue(int index);

    /**
     * Stops all queues and forgets what was negotiated. Done once the device touches no guest memory, be it that the daemon
     * has said so or that it is proven dead. May take as long as the daemon does; the transport has the deadline.
     */
    CompletionStage<Void> reset();

    /** Memory that its guest sees in a BAR of its own; empty: none. Fixed. */
    default Optional<DeviceWindow> window() {
        return Optional.empty();
    }

    /** Names who is told of changes. Called once, before the guest can reach the device. */
    void listen(DeviceListener listener);

    /** Ends the device. Its queues need not have been stopped. */
    @Override
    void close();
}
