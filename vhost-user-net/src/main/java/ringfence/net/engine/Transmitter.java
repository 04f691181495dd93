package ringfence.net.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.Errno;
import ringfence.linux.IoVec;
import ringfence.net.backend.TapPort;
import ringfence.net.packet.Drop;
import ringfence.net.packet.HeaderRules;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/** A transmit queue: one writev per frame, straight from guest memory. One owner thread; allocates nothing per frame. */
final class Transmitter implements QueueEngine {
    /** Pieces that one call takes (IOV_MAX), less our header. */
    private static final int MAX_PIECES = 1023;

    private final TapPort port;
    private final HeaderRules rules;
    private final QueueCounters counters;
    private final Runnable onClose;
    private final MemorySegment header = Arena.ofAuto().allocate(NetLayout.HEADER, 2);
    private final IoVec vector = new IoVec(MAX_PIECES + 1);

    Transmitter(TapPort port, HeaderRules rules, QueueCounters counters, Runnable onClose) {
        this.port = port;
        this.rules = rules;
        this.counters = counters;
        this.onClose = onClose;
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        long frame = chain.readableBytes() - rules.size();
        Drop drop = prepare(chain, frame);
        if (drop == null) {
            drop = send();
        }
        if (drop == null) {
            counters.passed(frame);
        } else {
            counters.dropped(drop);
        }
        done.complete(chain.head(), 0);
    }

    private Drop prepare(ChainCursor chain, long frame) {
        boolean whole = frame >= Frames.SHORTEST && frame <= Frames.LONGEST;
        if (!whole || chain.writable() > 0 || chain.readable() > MAX_PIECES) {
            return Drop.MALFORMED_CHAIN;
        }
        chain.copyIn(0, header, 0, rules.size());
        Drop drop = rules.check(header, frame);
        if (drop == null) {
            vector.clear();
            vector.add(header, 0, rules.size());
            chain.fillReadable(vector, rules.size(), frame);
        }
        return drop;
    }

    private Drop send() {
        long result;
        do {
            result = port.trySend(vector);
        } while (result == -Errno.EINTR.number());
        if (result >= 0) {
            return null;
        }
        return result == -Errno.EAGAIN.number() ? Drop.HOST_BUSY : Drop.REFUSED;
    }

    @Override
    public void close() {
        onClose.run();
    }
}
