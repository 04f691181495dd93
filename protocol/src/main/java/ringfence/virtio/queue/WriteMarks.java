package ringfence.virtio.queue;

import java.util.Arrays;
import ringfence.virtio.SplitLayout;

/**
 * What a queue marks in the dirty log while logging is on: the words of the used ring that it writes, and, when a chain
 * is completed, all of its device-writable buffers. The buffers are remembered per head when the chain is taken, so that
 * what is marked is what was checked, whatever the guest has made of its descriptors since.
 *
 * <p>A mark comes after the write that it stands for: a front-end that took the bit before, and copied the page, finds
 * it again.
 */
final class WriteMarks {
    private final DirtyLog log;
    private final long usedRing;
    private final int size;
    /** Per head: pairs of guest address and length. Grown while logging is on, and only then. */
    private final long[][] buffers;

    private final int[] counts;

    WriteMarks(DirtyLog log, int size, long usedRing) {
        this.log = log;
        this.size = size;
        this.usedRing = usedRing;
        buffers = new long[size][];
        counts = new int[size];
    }

    /** The chain was taken. */
    void record(ChainCursor chain) {
        int head = chain.head();
        int needed = 2 * chain.writable();
        long[] mine = buffers[head];
        if (mine == null || mine.length < needed) {
            mine = mine == null ? new long[needed] : Arrays.copyOf(mine, needed);
            buffers[head] = mine;
        }
        for (int i = 0, at = 0; at < needed; i++, at += 2) {
            mine[at] = chain.guestAddress(chain.readable() + i);
            mine[at + 1] = chain.length(chain.readable() + i);
        }
        counts[head] = needed;
    }

    /** Its buffers and its used element are written. */
    void completed(int head, int slot) {
        long[] mine = buffers[head];
        for (int at = 0; at < counts[head]; at += 2) {
            log.mark(mine[at], mine[at + 1]);
        }
        log.mark(usedRing + SplitLayout.RING_ENTRIES + (long) SplitLayout.USED_ENTRY * slot, SplitLayout.USED_ENTRY);
    }

    /** used.idx is written. */
    void usedIndex() {
        log.mark(usedRing + SplitLayout.RING_INDEX, 2);
    }

    /** avail_event is written. */
    void availableEvent() {
        log.mark(usedRing + SplitLayout.availableEvent(size), 2);
    }

    /** The used ring's flags are written. */
    void usedFlags() {
        log.mark(usedRing + SplitLayout.RING_FLAGS, 2);
    }
}
