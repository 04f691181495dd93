package ringfence.net.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.IoVec;
import ringfence.net.backend.TapPort;
import ringfence.net.packet.Drop;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/** To a tap: each frame straight from guest memory. */
final class TapSink implements FrameSink {
    private final TapPort port;
    private final TapSender sender;
    private final MemorySegment head = Arena.ofAuto().allocate(NetLayout.HEADER, 2);

    /** @param port which has begun; its end is this one's */
    TapSink(TapPort port) {
        this.port = port;
        sender = new TapSender(port);
    }

    @Override
    public int shortest() {
        return Frames.SHORTEST;
    }

    @Override
    public int longest() {
        return Frames.LONGEST;
    }

    @Override
    public MemorySegment head() {
        return head;
    }

    @Override
    public Drop send(ChainCursor chain, int headerSize, int present, int frame) {
        IoVec vector = sender.vector();
        vector.clear();
        vector.add(head, 0, headerSize);
        chain.fillReadable(vector, headerSize, frame);
        return sender.send();
    }

    @Override
    public void close() {
        port.end();
    }
}
