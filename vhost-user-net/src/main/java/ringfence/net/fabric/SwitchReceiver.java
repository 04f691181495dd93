package ringfence.net.fabric;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import ringfence.linux.Fd;
import ringfence.linux.TapOffload;
import ringfence.net.engine.Delivery;
import ringfence.net.engine.FrameReceiver;
import ringfence.net.engine.NetFeatures;
import ringfence.net.engine.QueueCounters;
import ringfence.net.packet.Drop;
import ringfence.net.packet.SoftwareOffload;
import ringfence.vhostuser.link.ChainSupply;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * A receive queue of a port: copies the frames of its lane into the guest's buffers, and does what the guest has not
 * accepted. A frame waits in the lane while the guest has posted nothing. One owner thread; allocates nothing per frame.
 */
final class SwitchReceiver implements FrameReceiver, ControlledMessageHandler {
    private final Lane lane;
    private final QueueCounters counters;
    private final EnumSet<TapOffload> offloads;
    private final Delivery delivery;
    private final SoftwareOffload cutter = new SoftwareOffload();
    private final MemorySegment piece = Arena.ofAuto().allocate(NetLayout.HEADER + Forwarder.LONGEST, 64);
    private ChainSupply supply;
    /** A frame waits for buffers: the guest's kick is wanted. */
    private boolean wanting;
    /** Frames of the same thread need not go through the lane. */
    private boolean direct;

    SwitchReceiver(Lane lane, NetFeatures accepted, QueueCounters counters) {
        this.lane = lane;
        this.counters = counters;
        offloads = EnumSet.noneOf(TapOffload.class);
        offloads.addAll(accepted.offloads());
        delivery = new Delivery(accepted.rules().size(), accepted.merged(), counters);
        direct = delivery.canDeliverFrom();
    }

    /**
     * Takes a frame of another queue on this thread, straight from its chain; it is published in this queue's next turn.
     * Parameters as {@link Delivery#deliverFrom} has them.
     *
     * @return false: not this one now; it must go through the lane
     * @throws InternalError if the sender's memory has gone; nothing is delivered
     */
    boolean take(MemorySegment head, int present, ChainCursor chain, long rest, int total) {
        int gso = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_GSO_TYPE) & 0xFF;
        boolean flagged = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS) != 0;
        if (gso != NetLayout.GSO_NONE && !takes(gso) || flagged && !offloads.contains(TapOffload.CSUM)) {
            return false;
        }
        try {
            return delivery.deliverFrom(supply, head, present, chain, rest, total) != Delivery.Result.NO_CHAIN;
        } catch (InternalError e) { // the sender's memory: ours does not shrink, see receive
            delivery.abandon(supply);
            throw e;
        }
    }

    /**
     * Without limits, so that whoever is on the same thread may deliver here, too; but not into memory that may be truncated,
     * of which the sender would get the error.
     */
    @Override
    public int receive(ChainSupply chains) {
        supply = chains;
        if (direct && !chains.mayShrink()) {
            lane.reader(this);
        }
        return receive(chains, BATCH);
    }

    @Override
    public int receive(ChainSupply chains, int most) {
        supply = chains;
        wanting = false;
        int frames = lane.read(this, most);
        if (delivery.takeUnpublished()) {
            chains.publish();
        }
        return frames;
    }

    /** One frame of the lane. */
    @Override
    public Action onMessage(int type, MutableDirectBuffer buffer, int index, int length) {
        MemorySegment memory = lane.memory();
        int gso = memory.get(ValueLayout.JAVA_BYTE, index + NetLayout.HEADER_GSO_TYPE) & 0xFF;
        if (gso != NetLayout.GSO_NONE && !takes(gso)) {
            return cut(memory, index, length);
        }
        if (!offloads.contains(TapOffload.CSUM)) {
            finish(memory, index, length);
        }
        return end(delivery.deliver(supply, memory, index, length));
    }

    private Action end(Delivery.Result result) {
        wanting = result == Delivery.Result.NO_CHAIN;
        return wanting ? Action.ABORT : Action.CONTINUE;
    }

    private boolean takes(int gso) {
        return switch (gso) {
            case NetLayout.GSO_TCPV4 -> offloads.contains(TapOffload.TSO4);
            case NetLayout.GSO_TCPV6 -> offloads.contains(TapOffload.TSO6);
            case NetLayout.GSO_TCPV4 | NetLayout.GSO_ECN ->
                offloads.contains(TapOffload.TSO4) && offloads.contains(TapOffload.TSO_ECN);
            case NetLayout.GSO_TCPV6 | NetLayout.GSO_ECN ->
                offloads.contains(TapOffload.TSO6) && offloads.contains(TapOffload.TSO_ECN);
            case NetLayout.GSO_UDP_L4 -> offloads.contains(TapOffload.USO4);
            default -> false;
        };
    }

    /** A checksum that the sender left open; what else the flags say is nothing to a driver without GUEST_CSUM. */
    private static void finish(MemorySegment memory, int index, int length) {
        int flags = memory.get(ValueLayout.JAVA_BYTE, index + NetLayout.HEADER_FLAGS);
        if ((flags & NetLayout.NEEDS_CSUM) != 0) {
            SoftwareOffload.checksum(memory, index, length - NetLayout.HEADER);
        }
        memory.set(ValueLayout.JAVA_BYTE, index + NetLayout.HEADER_FLAGS, (byte) 0);
    }

    private Action cut(MemorySegment memory, int index, int length) {
        if (!cutter.begin(memory, index, length - NetLayout.HEADER)) {
            counters.dropped(Drop.BAD_SEGMENTATION);
            return Action.CONTINUE;
        }
        for (int i = 0; i < cutter.pieces(); i++) {
            Delivery.Result result = delivery.deliver(supply, piece, 0, cutter.piece(i, piece));
            if (result == Delivery.Result.NO_CHAIN && i == 0) {
                return end(result);
            }
            if (result != Delivery.Result.DONE) { // the rest would only be thrown away by the guest
                counters.dropped(Drop.NO_BUFFER);
                break;
            }
        }
        return Action.CONTINUE;
    }

    /** It holds nothing. */
    @Override
    public void release(ChainSupply chains) {
        direct = false;
        lane.reader(null);
    }

    @Override
    public void retired() {
        direct = false;
        lane.reader(null);
    }

    @Override
    public boolean canTake() {
        return wanting;
    }

    @Override
    public Fd source() {
        return lane.source();
    }

    @Override
    public boolean armWakeup() {
        return lane.willSleep() && !wanting;
    }

    @Override
    public void disarmWakeup() {
        lane.awake();
    }

    @Override
    public void close() {
        lane.shut();
    }
}
