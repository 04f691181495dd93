package ringfence.net.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.net.backend.TapPort;
import ringfence.net.packet.Drop;
import ringfence.vhostuser.link.ChainSupply;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * A receive queue: one readv per frame, straight into guest memory. One owner thread; allocates nothing per frame.
 *
 * <p>It holds chains for the longest frame that may come, and reads also with fewer, since the guest may not post more
 * before it has got something. What does not fit goes into memory of our own, and from there into what the guest posts next:
 * the tap keeps those that come after it meanwhile, so that a sender is slowed down and need not send again. A guest that
 * posts no more, although others wait, loses the frame.
 */
final class Receiver implements FrameReceiver {
    /** Chains looked at for one frame: more than fit, but not without end where they are malformed. */
    private static final int MAX_TAKEN = NetOptions.MAX_QUEUE_SIZE;

    /** How long a frame waits for its last chains before it makes way: far longer than a driver needs to post some. */
    private static final long PATIENCE_NANOS = 10_000_000;

    private final TapPort port;
    private final ReceiveRules rules;
    private final QueueCounters counters;
    private final Runnable onClose;
    private final ChainCursor chain;
    private final HeldChains held;
    private final MemorySegment spill;
    /** The ring had no chain more when one was wanted: the guest's kick is. */
    private boolean wanting = true;
    /** The tap had no frame more: it will say so when it has. */
    private boolean drained;
    /** Bytes of a frame that lies in held chains and, its end, in the spill; 0: there is none. */
    private long waiting;

    /** How much of it the chains took that were held when it came. */
    private long spilledFrom;

    private long waitingSince;
    /** How much of the spill has been copied. */
    private long placed;

    /** @param queueSize most entries of the queue, a power of two */
    Receiver(TapPort port, ReceiveRules rules, int queueSize, QueueCounters counters, Runnable onClose) {
        this.port = port;
        this.rules = rules;
        this.counters = counters;
        this.onClose = onClose;
        chain = ChainCursor.forQueueSize(queueSize);
        held = new HeldChains(queueSize);
        spill = Arena.ofAuto().allocate(NetLayout.HEADER + Frames.LONGEST, 8);
    }

    @Override
    public int receive(ChainSupply supply, int most) {
        int frames = 0;
        if (waiting > 0) {
            if (!goOn(supply)) {
                return 0;
            }
            frames++;
        }
        while (frames < most && waiting == 0 && fill(supply) && one(supply)) {
            frames++;
        }
        return frames;
    }

    /** Takes chains for one frame. @return whether it holds any */
    private boolean fill(ChainSupply supply) {
        wanting = false;
        for (int taken = 0; held.bytes() < rules.target() && taken < MAX_TAKEN; taken++) {
            if (!supply.next(chain)) {
                wanting = true;
                break;
            }
            if (!isBuffer() && held.count() == 0) {
                supply.use(chain.head(), 0);
                supply.publish();
                counters.dropped(Drop.MALFORMED_CHAIN);
            } else if (!isBuffer() || !held.add(chain)) {
                supply.putBack(chain.head()); // its turn comes when those before it are used
                break;
            }
        }
        return held.count() > 0;
    }

    private boolean isBuffer() {
        return chain.readable() == 0
                && chain.writableBytes() > rules.headerSize()
                && chain.writable() <= HeldChains.MAX_PIECES;
    }

    private boolean one(ChainSupply supply) {
        IoVec vector = held.vector();
        vector.add(spill, 0, spill.byteSize());
        long got = port.tryReceive(vector);
        vector.removeLast(1);
        if (got <= rules.headerSize()) {
            drained = got != -Errno.EINTR.number();
            return false;
        }
        drained = false;
        if (got <= held.bytes()) {
            deliver(supply, got);
        } else if (rules.merged()) {
            waiting = got;
            spilledFrom = held.bytes();
            waitingSince = System.nanoTime();
            placed = 0;
            goOn(supply);
        } else {
            counters.dropped(Drop.NO_BUFFER);
        }
        return true;
    }

    /** Copies what did not fit into chains that were not held yet. @return false: the frame must wait for more of them */
    private boolean goOn(ChainSupply supply) {
        long bytes = waiting - spilledFrom;
        long before = placed;
        boolean refused = false;
        while (placed < bytes && !refused && supply.next(chain)) {
            if (isBuffer() && held.add(chain)) {
                placed += chain.copyOut(0, spill, placed, bytes - placed);
            } else {
                supply.putBack(chain.head());
                refused = true;
            }
        }
        if (placed >= bytes) {
            deliver(supply, waiting);
        } else if (refused || placed == before && System.nanoTime() - waitingSince > PATIENCE_NANOS) {
            counters.dropped(Drop.NO_BUFFER);
        } else {
            if (placed > before) {
                waitingSince = System.nanoTime();
            }
            wanting = true;
            return false;
        }
        waiting = 0;
        return true;
    }

    private void deliver(ChainSupply supply, long got) {
        int chains = 0;
        for (long left = got; left > 0; chains++) {
            left -= held.length(chains);
        }
        if (rules.headerSize() == NetLayout.HEADER) {
            held.numBuffers(chains); // 1 where buffers are not merged, 5.1.6.4.1
        }
        long left = got;
        for (int i = 0; i < chains; i++) {
            long part = Math.min(left, held.length(i));
            supply.use(held.head(i), (int) part);
            left -= part;
        }
        supply.publish();
        held.removeFirst(chains);
        counters.passed(got - rules.headerSize());
    }

    @Override
    public void release(ChainSupply supply) {
        if (waiting > 0) {
            waiting = 0;
            counters.dropped(Drop.NO_BUFFER);
        }
        while (held.count() > 0) {
            supply.putBack(held.removeLast());
        }
    }

    @Override
    public int inFlight() {
        return held.count();
    }

    @Override
    public boolean canTake() {
        return wanting;
    }

    @Override
    public Fd source() {
        return port.source();
    }

    @Override
    public boolean armWakeup() {
        return held.count() > 0 && !drained && waiting == 0;
    }

    @Override
    public void close() {
        onClose.run();
    }
}
