package ringfence.net.fabric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.net.engine.QueueCounters;
import ringfence.net.packet.Drop;
import ringfence.net.packet.HeaderRules;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/** A transmit queue of a port: checks each frame's header and hands the frame on. Nothing is ever in flight. */
final class SwitchTransmitter implements QueueEngine {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Forwarder forwarder;
    private final HeaderRules rules;
    private final QueueCounters counters;
    private final MemorySegment head;

    SwitchTransmitter(Forwarder forwarder, HeaderRules rules, QueueCounters counters) {
        this.forwarder = forwarder;
        this.rules = rules;
        this.counters = counters;
        head = forwarder.head();
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        long frame = chain.readableBytes() - rules.size();
        if (frame < Forwarder.ETHERNET
                || frame > Forwarder.LONGEST
                || chain.writable() > 0
                || chain.readable() > Uplink.MAX_PIECES) {
            counters.dropped(Drop.MALFORMED_CHAIN);
        } else {
            submit(chain, (int) frame);
        }
        done.complete(chain.head(), 0);
    }

    private void submit(ChainCursor chain, int frame) {
        int present = forwarder.fetch(chain, rules.size(), frame);
        head.set(LE16, NetLayout.HEADER_NUM_BUFFERS, (short) 1);
        Drop drop = check(frame);
        if (drop != null) {
            counters.dropped(drop);
            return;
        }
        boolean more = present < NetLayout.HEADER + frame;
        long rest = present - NetLayout.HEADER + (long) rules.size();
        forwarder.forward(present, more ? chain : null, rest, frame);
    }

    private Drop check(int frame) {
        Drop drop = rules.check(head, frame);
        boolean large = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_GSO_TYPE) != NetLayout.GSO_NONE;
        boolean unfinished = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS) == NetLayout.NEEDS_CSUM;
        return drop == null && large && !unfinished ? Drop.BAD_SEGMENTATION : drop;
    }

    @Override
    public void flush() {
        forwarder.flush();
    }

    @Override
    public void close() {}
}
