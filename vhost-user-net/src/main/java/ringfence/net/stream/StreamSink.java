package ringfence.net.stream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.IoVec;
import ringfence.net.engine.FrameSink;
import ringfence.net.packet.Drop;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The way from the guest to passt: one writev per frame, straight from guest memory. One owner thread; allocates nothing
 * per frame, unless passt does not keep up.
 */
final class StreamSink implements FrameSink {
    /** How long passt is waited for: the guest waits as long, which slows its connections down without losses. */
    private static final int PATIENCE_MILLIS = 20;

    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final PasstNetwork network;
    private final MemorySegment head = Arena.ofAuto().allocate(NetLayout.HEADER, 2);
    private final MemorySegment length = Arena.ofAuto().allocate(PasstNetwork.LENGTH, 4);
    private final IoVec vector = new IoVec(MAX_PIECES + 1);
    private final MemorySegment rest = Arena.ofAuto().allocate(PasstNetwork.LENGTH + PasstNetwork.LONGEST);
    /** Where in {@code rest} what is left of a frame begins and ends. */
    private int restAt;

    private int restEnd;

    StreamSink(PasstNetwork network) {
        this.network = network;
    }

    @Override
    public int shortest() {
        return PasstNetwork.SHORTEST;
    }

    @Override
    public int longest() {
        return PasstNetwork.LONGEST;
    }

    @Override
    public MemorySegment head() {
        return head;
    }

    @Override
    public Drop send(ChainCursor chain, int headerSize, int present, int frame) {
        if (network.isLost()) {
            return Drop.PORT_DOWN;
        }
        if (!finishRest()) {
            return Drop.HOST_BUSY;
        }
        length.set(BE32, 0, frame);
        vector.clear();
        vector.add(length, 0, PasstNetwork.LENGTH);
        chain.fillReadable(vector, headerSize, frame);
        long written = write();
        if (written <= 0) {
            return written == -Errno.EAGAIN.number() ? Drop.HOST_BUSY : Drop.PORT_DOWN;
        }
        if (written < PasstNetwork.LENGTH + frame) {
            keepRest(chain, headerSize, frame, (int) written);
            finishRest();
        }
        return null;
    }

    /** Copies what was not written; the guest may do with its memory what it likes when its chain is used. */
    private void keepRest(ChainCursor chain, int headerSize, int frame, int written) {
        MemorySegment.copy(length, 0, rest, 0, PasstNetwork.LENGTH);
        chain.copyIn(headerSize, rest, PasstNetwork.LENGTH, frame);
        restAt = written;
        restEnd = PasstNetwork.LENGTH + frame;
    }

    /** @return whether nothing is left of an earlier frame */
    private boolean finishRest() {
        while (restAt < restEnd) {
            vector.clear();
            vector.add(rest, restAt, restEnd - (long) restAt);
            long written = write();
            if (written <= 0) {
                return false;
            }
            restAt += (int) written;
        }
        return true;
    }

    /** Writes the vector; waits for a while where there is no room. @return bytes, or minus the errno */
    private long write() {
        long written = tryWrite();
        if (written == -Errno.EAGAIN.number()
                && network.linux().sockets().await(network.socket(), Epoll.OUT, PATIENCE_MILLIS)) {
            written = tryWrite();
        }
        if (written < 0 && written != -Errno.EAGAIN.number()) {
            network.lost(Errno.of(-written));
        }
        return written;
    }

    private long tryWrite() {
        long written;
        do {
            written = network.linux().sockets().trySend(network.socket(), vector);
        } while (written == -Errno.EINTR.number());
        return written;
    }

    /** What is left of a frame must not be left for a successor: the stream would be out of step. */
    @Override
    public void close() {
        if (!finishRest()) {
            network.lost("it does not take what it was sent");
        }
    }
}
