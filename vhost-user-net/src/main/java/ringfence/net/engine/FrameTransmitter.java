package ringfence.net.engine;

import ringfence.net.packet.Drop;
import ringfence.net.packet.HeaderRules;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.queue.ChainCursor;

/**
 * A transmit queue: checks each chain and its header, virtio 1.3, 5.1.6.2, hands the frame to a sink, and counts. Nothing is
 * ever in flight. One owner thread; allocates nothing per frame.
 */
public final class FrameTransmitter implements QueueEngine {
    private final HeaderRules rules;
    private final FrameSink sink;
    private final QueueCounters counters;

    /** @param sink owned from now on */
    public FrameTransmitter(HeaderRules rules, FrameSink sink, QueueCounters counters) {
        this.rules = rules;
        this.sink = sink;
        this.counters = counters;
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        long frame = chain.readableBytes() - rules.size();
        Drop drop = isWhole(chain, frame) ? send(chain, (int) frame) : Drop.MALFORMED_CHAIN;
        if (drop == null) {
            counters.passed(frame);
        } else {
            counters.dropped(drop);
        }
        done.complete(chain.head(), 0);
    }

    private boolean isWhole(ChainCursor chain, long frame) {
        return frame >= sink.shortest()
                && frame <= sink.longest()
                && chain.writable() == 0
                && chain.readable() <= FrameSink.MAX_PIECES;
    }

    private Drop send(ChainCursor chain, int frame) {
        int present = sink.fetch(chain, rules.size(), frame);
        Drop drop = rules.check(sink.head(), frame);
        return drop == null ? sink.send(chain, rules.size(), present, frame) : drop;
    }

    @Override
    public void flush() {
        sink.flush();
    }

    @Override
    public void close() {
        sink.close();
    }
}
