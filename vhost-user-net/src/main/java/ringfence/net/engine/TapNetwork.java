package ringfence.net.engine;

import java.util.OptionalInt;
import java.util.Set;
import ringfence.linux.TapOffload;
import ringfence.net.backend.TapPort;
import ringfence.net.backend.TapPorts;
import ringfence.net.packet.HeaderRules;
import ringfence.vhostuser.link.QueueEngine;

/** A tap or macvtap, one of its queues per pair. It does not own the ports, which stay open as long as it is used. */
public final class TapNetwork implements Network {
    private final TapPorts ports;

    /** On these. */
    public TapNetwork(TapPorts ports) {
        this.ports = ports;
    }

    @Override
    public int pairs() {
        return ports.count();
    }

    @Override
    public OptionalInt mtu() {
        return ports.mtu();
    }

    @Override
    public boolean uso() {
        return ports.uso();
    }

    @Override
    public FrameReceiver receiver(int pair, NetFeatures accepted, QueueCounters counters) {
        TapPort port = begin(pair, accepted);
        return new Receiver(port, receives(accepted), NetOptions.MAX_QUEUE_SIZE, counters, port::end);
    }

    @Override
    public QueueEngine transmitter(int pair, NetFeatures accepted, QueueCounters counters) {
        return new FrameTransmitter(accepted.rules(), new TapSink(begin(pair, accepted)), counters);
    }

    private TapPort begin(int pair, NetFeatures accepted) {
        TapPort port = ports.port(pair);
        port.begin(accepted.rules().size(), accepted.offloads());
        return port;
    }

    private ReceiveRules receives(NetFeatures accepted) {
        HeaderRules rules = accepted.rules();
        Set<TapOffload> offloads = accepted.offloads();
        int plain = ports.mtu().orElse(Frames.MTU_BY_DEFAULT) + Frames.AROUND_MTU;
        return new ReceiveRules(
                rules.size(), accepted.merged(), NetConfig.receivesSegments(offloads) ? Frames.LONGEST : plain);
    }
}
