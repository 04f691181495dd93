package ringfence.net.stream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.net.engine.Delivery;
import ringfence.net.engine.FrameReceiver;
import ringfence.net.engine.NetFeatures;
import ringfence.net.engine.QueueCounters;
import ringfence.vhostuser.link.ChainSupply;
import ringfence.virtio.NetLayout;

/** The way from passt to the guest. One owner thread; one read brings many frames, and nothing is allocated for one. */
final class StreamReceiver implements FrameReceiver {
    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * What was read of the stream and not delivered yet. One thread at a time. Before the bytes there is room for a header
     * of virtio: it takes the place of what has been delivered.
     */
    static final class Buffer {
        private static final int ROOM = NetLayout.HEADER;
        private static final int SIZE = 256 << 10;

        private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, 64);
        private int start = ROOM;
        private int end = ROOM;
        /** Bytes of the frame that begins at {@code start}; 0: a length stands there. */
        private int frame;

        /** Moves the beginning of a frame to the front, where there is not room enough behind it for the rest. */
        void makeRoom() {
            if (start == end) {
                start = ROOM;
                end = ROOM;
            } else if (SIZE - start < PasstNetwork.LENGTH + PasstNetwork.LONGEST) {
                MemorySegment.copy(memory, start, memory, ROOM, end - start);
                end = ROOM + end - start;
                start = ROOM;
            }
        }
    }

    private final PasstNetwork network;
    private final Buffer buffer;
    private final Delivery delivery;
    private final IoVec vector = new IoVec(1);
    /** A frame waits for buffers: the guest's kick is wanted. */
    private boolean wanting;
    /** The socket had nothing more: it will say so when it has. */
    private boolean drained;

    StreamReceiver(PasstNetwork network, Buffer buffer, NetFeatures accepted, QueueCounters counters) {
        this.network = network;
        this.buffer = buffer;
        delivery = new Delivery(accepted.rules().size(), accepted.merged(), counters);
    }

    @Override
    public int receive(ChainSupply supply, int most) {
        wanting = false;
        int frames = 0;
        while (frames < most && (hasFrame() || read())) {
            if (buffer.frame > 0 && isWhole()) {
                if (!deliver(supply)) {
                    wanting = true;
                    break;
                }
                frames++;
            }
        }
        if (delivery.takeUnpublished()) {
            supply.publish();
        }
        return frames;
    }

    /** Whether a whole frame is there. A length is taken off as soon as it is. */
    private boolean hasFrame() {
        if (buffer.frame == 0 && buffer.end - buffer.start >= PasstNetwork.LENGTH && !network.isLost()) {
            int length = buffer.memory.get(BE32, buffer.start);
            if (length < PasstNetwork.SHORTEST || length > PasstNetwork.LONGEST) {
                network.lost("it sends a frame of " + Integer.toUnsignedString(length) + " bytes");
                return false;
            }
            buffer.start += PasstNetwork.LENGTH;
            buffer.frame = length;
        }
        return buffer.frame > 0 && isWhole();
    }

    private boolean isWhole() {
        return buffer.end - buffer.start >= buffer.frame;
    }

    private boolean read() {
        if (network.isLost()) {
            drained = true;
            return false;
        }
        buffer.makeRoom();
        vector.clear();
        vector.add(buffer.memory, buffer.end, Buffer.SIZE - (long) buffer.end);
        long got = network.linux().sockets().tryReceive(network.socket(), vector);
        drained = got <= 0 && got != -Errno.EINTR.number();
        if (got > 0) {
            buffer.end += (int) got;
            return true;
        }
        if (got == 0) {
            network.lost("it has ended");
        } else if (got != -Errno.EAGAIN.number() && got != -Errno.EINTR.number()) {
            network.lost(Errno.of(-got));
        }
        return false;
    }

    private boolean deliver(ChainSupply supply) {
        int header = buffer.start - NetLayout.HEADER;
        buffer.memory.asSlice(header, NetLayout.HEADER).fill((byte) 0);
        buffer.memory.set(LE16, header + NetLayout.HEADER_NUM_BUFFERS, (short) 1);
        Delivery.Result result = delivery.deliver(supply, buffer.memory, header, NetLayout.HEADER + buffer.frame);
        if (result == Delivery.Result.NO_CHAIN) {
            return false;
        }
        buffer.start += buffer.frame;
        buffer.frame = 0;
        return true;
    }

    /** It holds no chain. */
    @Override
    public void release(ChainSupply supply) {}

    @Override
    public boolean canTake() {
        return wanting;
    }

    @Override
    public Fd source() {
        return network.socket();
    }

    @Override
    public boolean armWakeup() {
        return !wanting && !drained;
    }

    @Override
    public void close() {}
}
