package ringfence.net.fabric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.net.engine.FrameSink;
import ringfence.net.packet.Drop;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/** From a port's transmit queue to the other ports. */
final class SwitchSink implements FrameSink {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Forwarder forwarder;
    private final MemorySegment head;

    SwitchSink(Forwarder forwarder) {
        this.forwarder = forwarder;
        head = forwarder.head();
    }

    @Override
    public int shortest() {
        return Forwarder.ETHERNET;
    }

    @Override
    public int longest() {
        return Forwarder.LONGEST;
    }

    @Override
    public MemorySegment head() {
        return head;
    }

    @Override
    public int fetch(ChainCursor chain, int headerSize, int frame) {
        int present = forwarder.fetch(chain, headerSize, frame);
        head.set(LE16, NetLayout.HEADER_NUM_BUFFERS, (short) 1);
        return present;
    }

    @Override
    public Drop send(ChainCursor chain, int headerSize, int present, int frame) {
        boolean large = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_GSO_TYPE) != NetLayout.GSO_NONE;
        boolean unfinished = head.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS) == NetLayout.NEEDS_CSUM;
        if (large && !unfinished) {
            return Drop.BAD_SEGMENTATION; // nobody could cut it
        }
        ChainCursor rest = present < frame ? chain : null;
        return forwarder.forward(NetLayout.HEADER + present, rest, headerSize + (long) present, frame);
    }

    @Override
    public void flush() {
        forwarder.flush();
    }

    /** Its queue may have failed within a batch: what the others have got of that, they are told of. */
    @Override
    public void close() {
        forwarder.flush();
    }
}
