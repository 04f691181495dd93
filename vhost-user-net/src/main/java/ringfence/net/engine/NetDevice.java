package ringfence.net.engine;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import ringfence.linux.TapOffload;
import ringfence.memory.MemoryTable;
import ringfence.net.backend.TapPort;
import ringfence.net.backend.TapPorts;
import ringfence.net.packet.HeaderRules;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/**
 * One network device. Its methods are called by the connection's thread, one at a time; the engines that it makes belong
 * to their queues' workers. It does not own its ports.
 */
public final class NetDevice implements BackendDevice {
    private final TapPorts ports;
    private final NetOptions options;
    private final List<QueueCounters> counters;
    private long features;

    /**
     * A device.
     *
     * @param ports one per pair of queues; they stay open as long as the device is used, which does not close them
     * @param source of its queues' counters
     * @param name of the device, in front of its queues' names, without spaces
     */
    public NetDevice(TapPorts ports, NetOptions options, Counters source, String name) {
        if (ports.count() != options.pairs()) {
            throw new IllegalArgumentException("ports=" + ports.count() + " pairs=" + options.pairs());
        }
        this.ports = ports;
        this.options = options;
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
        return NetConfig.features(options, ports.mtu(), ports.uso());
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
        return NetConfig.space(options, ports.mtu());
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
        TapPort port = ports.port(queue / 2);
        HeaderRules rules = HeaderRules.of(features);
        Set<TapOffload> offloads = NetConfig.offloads(features);
        port.begin(rules.size(), offloads);
        QueueCounters counts = counters.get(queue);
        return queue % 2 == 0
                ? new Receiver(port, receives(rules, offloads), options.queueSize(), counts, port::end)
                : new Transmitter(port, rules, counts, port::end);
    }

    private ReceiveRules receives(HeaderRules rules, Set<TapOffload> offloads) {
        int plain = ports.mtu().orElse(Frames.MTU_BY_DEFAULT) + Frames.AROUND_MTU;
        return new ReceiveRules(
                rules.size(),
                Feature.has(features, NetLayout.F_MRG_RXBUF),
                NetConfig.receivesSegments(offloads) ? Frames.LONGEST : plain);
    }

    @Override
    public void reset() {
        features = 0;
    }
}
