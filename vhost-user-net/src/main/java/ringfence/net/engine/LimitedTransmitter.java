package ringfence.net.engine;

import ringfence.linux.Fd;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.queue.ChainCursor;

/** A transmit queue behind a gate: nothing is taken while that is shut, so the guest waits and loses nothing. */
final class LimitedTransmitter implements QueueEngine {
    private final QueueEngine inner;
    private final Gate gate;

    /** @param inner one that has nothing in flight */
    LimitedTransmitter(QueueEngine inner, Gate gate) {
        this.inner = inner;
        this.gate = gate;
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        inner.submit(chain, done);
        gate.note();
    }

    @Override
    public void flush() {
        inner.flush();
    }

    @Override
    public boolean canTake() {
        return gate.isOpen();
    }

    @Override
    public Fd wakeup() {
        return gate.wakeup();
    }

    @Override
    public boolean armWakeup() {
        return gate.arm();
    }

    @Override
    public void disarmWakeup() {
        gate.disarm();
    }

    @Override
    public void close() {
        gate.close();
        inner.close();
    }
}
