package ringfence.net.stream;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.IoVec;
import ringfence.net.engine.QueueCounters;
import ringfence.net.packet.Drop;
import ringfence.net.packet.HeaderRules;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The way from the guest to passt: one writev per frame, straight from guest memory. One owner thread; allocates nothing
 * per frame, unless passt does not keep up.
 */
final class StreamTransmitter implements QueueEngine {
    private static final int MAX_PIECES = 1023;
    /** How long passt is waited for: the guest waits as long, which slows its connections down without losses. */
    private static final int PATIENCE_MILLIS = 20;

    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final PasstNetwork network;
    private final HeaderRules rules;
    private final QueueCounters counters;
    private final MemorySegment header = Arena.ofAuto().allocate(NetLayout.HEADER, 2);
    private final MemorySegment length = Arena.ofAuto().allocate(PasstNetwork.LENGTH, 4);
    private final IoVec vector = new IoVec(MAX_PIECES + 1);
    private final MemorySegment rest = Arena.ofAuto().allocate(PasstNetwork.LENGTH + PasstNetwork.LONGEST);
    /** Where in {@code rest} what is left of a frame begins and ends. */
    private int restAt;

    private int restEnd;

    StreamTransmitter(PasstNetwork network, HeaderRules rules, QueueCounters counters) {
        this.network = network;
        this.rules = rules;
        this.counters = counters;
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        long frame = chain.readableBytes() - rules.size();
        Drop drop = prepare(chain, frame);
        if (drop == null) {
            drop = send(chain, (int) frame);
        }
        if (drop == null) {
            counters.passed(frame);
        } else {
            counters.dropped(drop);
        }
        done.complete(chain.head(), 0);
    }

    private Drop prepare(ChainCursor chain, long frame) {
        boolean whole = frame >= PasstNetwork.SHORTEST && frame <= PasstNetwork.LONGEST;
        if (!whole || chain.writable() > 0 || chain.readable() > MAX_PIECES) {
            return Drop.MALFORMED_CHAIN;
        }
        chain.copyIn(0, header, 0, rules.size());
        return rules.check(header, frame);
    }

    private Drop send(ChainCursor chain, int frame) {
        if (network.isLost()) {
            return Drop.PORT_DOWN;
        }
        if (!finishRest()) {
            return Drop.HOST_BUSY;
        }
        length.set(BE32, 0, frame);
        vector.clear();
        vector.add(length, 0, PasstNetwork.LENGTH);
        chain.fillReadable(vector, rules.size(), frame);
        long written = write();
        if (written <= 0) {
            return written == -Errno.EAGAIN.number() ? Drop.HOST_BUSY : Drop.PORT_DOWN;
        }
        if (written < PasstNetwork.LENGTH + frame) {
            keepRest(chain, frame, (int) written);
            finishRest();
        }
        return null;
    }

    /** Copies what was not written; the guest may do with its memory what it likes when its chain is used. */
    private void keepRest(ChainCursor chain, int frame, int written) {
        MemorySegment.copy(length, 0, rest, 0, PasstNetwork.LENGTH);
        chain.copyIn(rules.size(), rest, PasstNetwork.LENGTH, frame);
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
