package ringfence.net.fabric;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.net.engine.QueueCounters;
import ringfence.net.packet.Drop;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * Sends the frames of one source to the ports that they are for. One owner thread, that of the source; allocates nothing
 * per frame and waits for nobody.
 */
final class Forwarder {
    /** An Ethernet header: what is read before it is known where a frame goes. */
    static final int ETHERNET = 14;
    /** The largest IP packet behind an Ethernet header with a VLAN's tag. */
    static final int LONGEST = 65_535 + 18;
    /** Bytes of the head, of which a short frame is all. */
    private static final int SHORT = 256;

    private static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int DESTINATION = NetLayout.HEADER;
    private static final int SOURCE = NetLayout.HEADER + 6;
    private static final long GROUP = 1L << 40;
    /** No address. */
    private static final long NONE = -1;

    private final Switch owner;
    private final AddressTable addresses;
    private final int from;
    private final int pair;
    private final QueueCounters counters;
    private final Uplink.Sender uplink;
    private final MemorySegment head = Arena.ofAuto().allocate(NetLayout.HEADER + LONGEST, 64);
    private int now;
    private boolean clockRead;
    /** Of this batch, of which most frames belong to one connection: what the table needs not be asked again. */
    private long lastSource = NONE;

    private long lastDestination = NONE;
    private int lastPort;
    /** Ports that have got something in this batch. */
    private long touched;

    /**
     * For one source.
     *
     * @param from its port
     * @param pair which of its pairs of queues
     * @param counters of the source
     */
    Forwarder(Switch owner, int from, int pair, QueueCounters counters) {
        this.owner = owner;
        this.from = from;
        this.pair = pair;
        this.counters = counters;
        addresses = owner.addresses();
        uplink = owner.uplink().map(Uplink::sender).orElse(null);
    }

    /**
     * Where header and frame begin. The header's twelve bytes are there, checked, before {@link #forward}; of the frame
     * all, or as much as {@link #fetch} fetches.
     */
    MemorySegment head() {
        return head;
    }

    /** Copies a header and the beginning of its frame out of a chain. @return how much of the frame is in the head */
    int fetch(ChainCursor chain, int headerSize, int frame) {
        int part = frame <= SHORT ? frame : ETHERNET;
        if (headerSize == NetLayout.HEADER) {
            chain.copyIn(0, head, 0, NetLayout.HEADER + part);
        } else {
            chain.copyIn(0, head, 0, headerSize);
            chain.copyIn(headerSize, head, NetLayout.HEADER, part);
        }
        return part;
    }

    /**
     * Sends a frame. One that passes, but not to all who should have it, is counted as dropped here, too.
     *
     * @param present bytes of header and frame that are in the head
     * @param chain where the rest is; null: there is no rest
     * @param rest where in the chain's readable part
     * @param frame bytes of the frame
     * @return why it was lost; null: it was not
     */
    Drop forward(int present, ChainCursor chain, long rest, int frame) {
        long source = head.get(BE64, SOURCE) >>> 16;
        long destination = head.get(BE64, DESTINATION) >>> 16;
        if ((source & GROUP) != 0 || source == 0 || !owner.maySend(from, source)) {
            return Drop.BAD_SOURCE;
        }
        if (!clockRead) {
            clockRead = true;
            now = owner.seconds();
        }
        if (source != lastSource) {
            lastSource = source;
            addresses.learn(source, from, now);
        }
        if (destination != lastDestination) {
            lastDestination = destination;
            lastPort = (destination & GROUP) != 0 ? AddressTable.NOWHERE : addresses.find(destination, now);
        }
        int to = lastPort;
        if (to == AddressTable.NOWHERE) {
            return flood(present, chain, rest, frame);
        }
        return to == from ? Drop.SAME_PORT : send(to, present, chain, rest, frame);
    }

    /** To all but the sender: what the guest might change meanwhile is copied once for all of them. */
    private Drop flood(int present, ChainCursor chain, long rest, int frame) {
        if (chain != null) {
            chain.copyIn(rest, head, present, NetLayout.HEADER + frame - (long) present);
        }
        int whole = NetLayout.HEADER + frame;
        boolean sent = false;
        boolean busy = false;
        for (int to = 0; to < owner.ports(); to++) {
            if (to != from) {
                Drop drop = send(to, whole, null, 0, frame);
                sent |= drop == null;
                busy |= drop != null && drop != Drop.PORT_DOWN;
            }
        }
        if (busy && sent) { // it has passed, but not everywhere
            counters.dropped(Drop.PORT_BUSY);
        }
        return sent ? null : busy ? Drop.PORT_BUSY : Drop.PORT_DOWN;
    }

    private Drop send(int to, int present, ChainCursor chain, long rest, int frame) {
        GuestPort port = owner.guest(to);
        if (port == null) {
            return uplink.send(head, present, chain, rest, frame);
        }
        Lane lane = port.lane(pair);
        if (!lane.isOpen()) {
            return Drop.PORT_DOWN;
        }
        SwitchReceiver here = lane.readerHere();
        if (here != null && here.take(head, present, chain, rest, NetLayout.HEADER + frame)) {
            return null;
        }
        touched |= 1L << to;
        return lane.offer(head, present, chain, rest, NetLayout.HEADER + frame) ? null : Drop.PORT_BUSY;
    }

    /** The batch is over: those who got something are woken. */
    void flush() {
        clockRead = false;
        lastSource = NONE;
        lastDestination = NONE;
        while (touched != 0) {
            owner.guest(Long.numberOfTrailingZeros(touched)).wake();
            touched &= touched - 1;
        }
    }
}
