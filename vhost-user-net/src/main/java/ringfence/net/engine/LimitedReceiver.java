package ringfence.net.engine;

import ringfence.linux.Fd;
import ringfence.vhostuser.link.ChainSupply;
import ringfence.vhostuser.link.ReceiveEngine;

/** A receive queue behind a gate: frame by frame, while the gate is open. What waits, waits where it comes from. */
final class LimitedReceiver implements ReceiveEngine {
    private final FrameReceiver inner;
    private final Gate gate;

    LimitedReceiver(FrameReceiver inner, Gate gate) {
        this.inner = inner;
        this.gate = gate;
    }

    @Override
    public int receive(ChainSupply supply) {
        int frames = 0;
        while (frames < FrameReceiver.BATCH && gate.isOpen() && inner.receive(supply, 1) > 0) {
            gate.note();
            frames++;
        }
        return frames;
    }

    @Override
    public void release(ChainSupply supply) {
        inner.release(supply);
    }

    @Override
    public int inFlight() {
        return inner.inFlight();
    }

    @Override
    public boolean canTake() {
        return gate.isOpen() && inner.canTake();
    }

    @Override
    public Fd source() {
        return inner.source();
    }

    @Override
    public Fd wakeup() {
        return gate.wakeup();
    }

    @Override
    public boolean armWakeup() {
        return gate.isOpen() ? inner.armWakeup() : gate.arm();
    }

    @Override
    public void disarmWakeup() {
        gate.disarm();
        inner.disarmWakeup();
    }

    @Override
    public void close() {
        gate.close();
        inner.close();
    }
}
