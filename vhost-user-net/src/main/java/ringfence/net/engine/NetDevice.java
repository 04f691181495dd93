package ringfence.net.engine;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import ringfence.memory.MemoryTable;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.DeviceType;

/**
 * One network device. Its methods are called by the connection's thread, one at a time; the engines that it makes belong
 * to their queues' workers. It does not own its network.
 */
public final class NetDevice implements BackendDevice {
    private final Network network;
    private final NetOptions options;
    private final List<QueueCounters> counters;
    private final Optional<DeviceLimits> limits;
    private final Runnable onEnd;
    private long features;

    /**
     * A device.
     *
     * @param network with a port per pair of queues; it stays open as long as the device is used, which does not close it
     * @param source of its queues' counters
     * @param name of the device, in front of its queues' names, without spaces
     * @param limits of its traffic, if there may ever be any
     * @param onEnd of a connection: nobody counts for it any more
     */
    public NetDevice(
            Network network,
            NetOptions options,
            Counters source,
            String name,
            Optional<DeviceLimits> limits,
            Runnable onEnd) {
        if (network.pairs() != options.pairs()) {
            throw new IllegalArgumentException("ports=" + network.pairs() + " pairs=" + options.pairs());
        }
        this.network = network;
        this.options = options;
        this.limits = limits;
        this.onEnd = onEnd;
        counters = IntStream.range(0, queueCount())
                .mapToObj(i -> new QueueCounters(source, name + "/q" + i, i))
                .toList();
    }

    /** What each queue has done, by index; any thread. */
    public List<QueueCounters> counters() {
        return counters;
    }

    @Override
    public int type() {
        return DeviceType.NET;
    }

    @Override
    public long features() {
        return NetConfig.features(options, network.mtu(), network.uso()) & ~network.withheld();
    }

    @Override
    public boolean configSpaceIsFrontends() {
        return true;
    }

    @Override
    public int queueCount() {
        return 2 * options.pairs();
    }

    @Override
    public int maxQueueSize() {
        return options.queueSize();
    }

    @Override
    public byte[] config() {
        return NetConfig.space(options, network.mtu());
    }

    /** The space is read-only since virtio 1.0, 5.1.4. */
    @Override
    public void writeConfig(int offset, byte[] bytes) {
        throw new IllegalArgumentException("not writable: config offset=" + offset + " length=" + bytes.length);
    }

    @Override
    public void negotiated(long accepted) {
        features = accepted;
    }

    /** Even queues receive, odd ones transmit, 5.1.2. */
    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        NetFeatures accepted = new NetFeatures(features);
        QueueCounters counts = counters.get(queue);
        if (queue % 2 == 0) {
            FrameReceiver receiver = network.receiver(queue / 2, accepted, counts);
            return limits.isPresent() ? limits.get().limited(receiver, counts) : receiver;
        }
        QueueEngine transmitter = network.transmitter(queue / 2, accepted, counts);
        return limits.isPresent() ? limits.get().limited(transmitter, counts) : transmitter;
    }

    @Override
    public void disconnected() {
        network.disconnected();
        onEnd.run();
    }

    @Override
    public void reset() {
        features = 0;
    }
}
