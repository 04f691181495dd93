package ringfence.net.engine;

import ringfence.vhostuser.link.ChainSupply;
import ringfence.vhostuser.link.ReceiveEngine;

/** A receive queue's engine that can be told to stop after a few frames. */
public interface FrameReceiver extends ReceiveEngine {
    /** Frames after which the guest is told, although more wait. */
    int BATCH = 32;

    @Override
    default int receive(ChainSupply supply) {
        return receive(supply, BATCH);
    }

    /**
     * Receives frames.
     *
     * @param most how many at most, 1 or more; a large segment that is cut counts as one
     * @return how many it was
     */
    int receive(ChainSupply supply, int most);
}
