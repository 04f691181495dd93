package ringfence.vhostuser.link;

import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.Verdict;
import ringfence.virtio.queue.Virtqueue;

/** A started queue as its {@link ReceiveEngine} has it; notes what is in flight. The worker's thread only. */
final class RingSupply implements ChainSupply {
    private final Virtqueue queue;
    private final InflightQueue inflight;
    private final int[] unpublished;
    private int count;
    private int usedIndex;
    private int usedSinceAsked;
    private boolean broken;

    RingSupply(QueueStart start) {
        queue = start.queue();
        inflight = start.inflight();
        usedIndex = start.usedIndex();
        unpublished = new int[queue.config().size()];
    }

    @Override
    public boolean next(ChainCursor chain) {
        if (broken) {
            return false;
        }
        Verdict verdict = queue.poll(chain);
        if (verdict != Verdict.CHAIN) {
            broken = verdict == Verdict.BROKEN;
            return false;
        }
        if (inflight != null) {
            inflight.taken(chain.head());
        }
        return true;
    }

    @Override
    public boolean mayShrink() {
        return queue.memory().mayShrink();
    }

    @Override
    public void putBack(int head) {
        queue.putBack(head);
        if (inflight != null) {
            inflight.cleared(head);
        }
    }

    @Override
    public void use(int head, int written) {
        if (count == unpublished.length) { // its driver offers anew what it has not got back yet
            publish();
        }
        if (inflight != null) {
            inflight.completing(head);
        }
        queue.use(head, written);
        unpublished[count++] = head;
    }

    @Override
    public void publish() {
        queue.publish();
        usedIndex = usedIndex + count & 0xFFFF;
        usedSinceAsked += count;
        if (inflight != null && count > 0) {
            for (int i = 0; i < count; i++) {
                inflight.cleared(unpublished[i]);
            }
            inflight.noted(usedIndex);
        }
        count = 0;
    }

    /**
     * What a predecessor held: its places in the available ring are still there, so all of it is taken anew.
     *
     * @param heads in the order in which they were taken
     * @return false: the ring is broken
     */
    boolean takeBack(int[] heads, ChainCursor chain) {
        for (int head : heads) {
            if (queue.load(head, chain) != Verdict.CHAIN) {
                broken = true;
                return false;
            }
        }
        for (int i = heads.length - 1; i >= 0; i--) {
            putBack(heads[i]);
        }
        return true;
    }

    /** Chains published since this was last asked. */
    int usedSinceAsked() {
        int used = usedSinceAsked;
        usedSinceAsked = 0;
        return used;
    }

    /** Whether the driver has broken the ring: it gives nothing more. */
    boolean isBroken() {
        return broken;
    }
}
