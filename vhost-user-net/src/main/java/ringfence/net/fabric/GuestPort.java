package ringfence.net.fabric;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import ringfence.linux.Linux;
import ringfence.net.engine.FrameReceiver;
import ringfence.net.engine.FrameTransmitter;
import ringfence.net.engine.NetFeatures;
import ringfence.net.engine.Network;
import ringfence.net.engine.QueueCounters;
import ringfence.vhostuser.link.QueueEngine;

/** A port with a virtual machine behind it, whose device it serves. Owns its lanes, one per pair of queues. */
final class GuestPort implements Network, AutoCloseable {
    /** No address is bound. */
    static final long ANY = 0;

    private final Switch owner;
    private final int index;
    private final long bound;
    private final List<Lane> lanes;

    /** @param bound the only source address that it may use; {@link #ANY} */
    GuestPort(Linux linux, Switch owner, int index, int pairs, long bound) {
        this.owner = owner;
        this.index = index;
        this.bound = bound;
        lanes = Stream.generate(() -> new Lane(linux)).limit(pairs).toList();
    }

    /** The only source address that it may use, or {@link #ANY}. */
    long bound() {
        return bound;
    }

    /** Gives it its bound address for ever. @return false if there is no room */
    boolean fixIn(AddressTable table) {
        return bound == ANY || table.fix(bound, index);
    }

    /** Whether it may send with this source address. */
    boolean maySend(long source) {
        return bound == ANY || bound == source;
    }

    /** Where frames of such a pair of queues go: the same pair here, or the first where that does not run. */
    Lane lane(int pair) {
        Lane same = lanes.get(pair % lanes.size());
        return same.isOpen() ? same : lanes.getFirst();
    }

    /** Wakes all who sleep there. */
    void wake() {
        for (int i = 0; i < lanes.size(); i++) {
            lanes.get(i).wake();
        }
    }

    @Override
    public int pairs() {
        return lanes.size();
    }

    @Override
    public OptionalInt mtu() {
        return owner.mtu();
    }

    @Override
    public boolean uso() {
        return owner.uso();
    }

    @Override
    public FrameReceiver receiver(int pair, NetFeatures accepted, QueueCounters counters) {
        Lane lane = lanes.get(pair);
        lane.open();
        return new SwitchReceiver(lane, accepted, counters);
    }

    @Override
    public QueueEngine transmitter(int pair, NetFeatures accepted, QueueCounters counters) {
        return new FrameTransmitter(
                accepted.rules(), new SwitchSink(new Forwarder(owner, index, pair, counters)), counters);
    }

    /** Another one may come to this port. */
    @Override
    public void disconnected() {
        owner.addresses().forget(index);
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }
}
