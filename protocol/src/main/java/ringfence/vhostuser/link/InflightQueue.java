package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import ringfence.memory.OrderedStores;

/**
 * One queue's part of an inflight region: what the worker notes so that a successor can go on. One owner thread, the
 * queue's worker; nothing here allocates but {@link #recover}.
 *
 * <p>The reader is a successor after this process has been killed, which sees all stores that were made. So they must be
 * made in the specification's order: each is a store-release, which no later store of this thread may overtake.
 */
public final class InflightQueue {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT
            .withOrder(ByteOrder.LITTLE_ENDIAN)
            .varHandle()
            .withInvokeExactBehavior();
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    /** No back-end gets so far; a counter beyond it is a lie, and ours cannot wrap. */
    private static final long MAX_COUNTER = 1L << 62;

    private final MemorySegment memory;
    private final int capacity;
    private long counter;

    /**
     * Over its part of a region.
     *
     * @param memory {@link InflightLayout#queueBytes} of it, aligned to 8
     * @param capacity entries that fit, as the region's owner says
     */
    InflightQueue(MemorySegment memory, int capacity) {
        this.memory = memory;
        this.capacity = capacity;
    }

    /**
     * What was in flight when the last back-end ended, in the order in which it was taken. Finishes an interrupted
     * completion first, as the specification says ("When reconnecting"). Bounded by the size of the queue, whatever the
     * memory holds. A part that nobody has used is prepared.
     *
     * @param size of the ring, 1 to the capacity
     * @param usedIndex the used ring's index, 16 bits
     * @return heads, each below {@code size}, each once
     * @throws InflightException if it cannot be what a back-end has written
     */
    public int[] recover(int size, int usedIndex) {
        if (size > capacity) {
            throw new InflightException("inflight: ring of " + size + " entries, region for " + capacity);
        }
        int version = unsigned(InflightLayout.VERSION);
        int entries = unsigned(InflightLayout.ENTRIES);
        if (version == 0) {
            prepare(size, usedIndex);
            return new int[0];
        }
        if (version != InflightLayout.CURRENT_VERSION) {
            throw new InflightException("inflight: version " + version + ", 1 is known");
        }
        List<long[]> found = find(Math.min(entries, capacity));
        if (found.isEmpty()) {
            prepare(size, usedIndex); // perhaps another ring than the last time: nothing of it matters
            return new int[0];
        }
        if (entries != size) {
            throw new InflightException(
                    "inflight: written for a ring of " + entries + " entries, this one has " + size);
        }
        finishBatch(size, usedIndex);
        return inOrder(find(size));
    }

    /** What is recorded in flight never was: the device is reset. No worker runs. */
    void forget() {
        OrderedStores.release(memory, InflightLayout.VERSION, (short) 0);
    }

    private void prepare(int size, int usedIndex) {
        for (int head = 0; head < capacity; head++) {
            OrderedStores.release(memory, entry(head) + InflightLayout.IN_FLIGHT, (byte) 0);
        }
        LONG.setRelease(memory, (long) InflightLayout.FEATURES, 0L);
        OrderedStores.release(memory, InflightLayout.ENTRIES, (short) size);
        OrderedStores.release(memory, InflightLayout.LAST_BATCH_HEAD, (short) 0);
        OrderedStores.release(memory, InflightLayout.USED_INDEX, (short) usedIndex);
        OrderedStores.release(memory, InflightLayout.VERSION, (short) InflightLayout.CURRENT_VERSION);
        counter = 0;
    }

    /** The predecessor died between used.idx and the end of its note: what it had completed is in flight no longer. */
    private void finishBatch(int size, int usedIndex) {
        int batch = usedIndex - unsigned(InflightLayout.USED_INDEX) & 0xFFFF;
        if (batch > size) {
            throw new InflightException("inflight: used index is " + usedIndex + ", noted is "
                    + unsigned(InflightLayout.USED_INDEX) + ", ring of " + size);
        }
        int head = unsigned(InflightLayout.LAST_BATCH_HEAD);
        for (int i = 0; i < batch; i++) {
            if (head >= size) {
                throw new InflightException("inflight: batch names head " + head + " of " + size);
            }
            OrderedStores.release(memory, entry(head) + InflightLayout.IN_FLIGHT, (byte) 0);
            head = unsigned(entry(head) + InflightLayout.NEXT);
        }
        OrderedStores.release(memory, InflightLayout.USED_INDEX, (short) usedIndex);
    }

    /** Pairs of counter and head. */
    private List<long[]> find(int entries) {
        List<long[]> found = new ArrayList<>();
        for (int head = 0; head < entries; head++) {
            if ((byte) BYTE.getAcquire(memory, entry(head) + InflightLayout.IN_FLIGHT) != 0) {
                found.add(new long[] {(long) LONG.getAcquire(memory, entry(head) + InflightLayout.COUNTER), head});
            }
        }
        return found;
    }

    private int[] inOrder(List<long[]> found) {
        found.sort(Comparator.<long[]>comparingLong(pair -> pair[0]).thenComparingLong(pair -> pair[1]));
        counter = 0;
        for (long[] pair : found) {
            if (pair[0] < 0 || pair[0] > MAX_COUNTER) {
                throw new InflightException(
                        "inflight: head " + pair[1] + " has counter " + Long.toUnsignedString(pair[0]));
            }
            counter = pair[0] + 1;
        }
        return found.stream().mapToInt(pair -> (int) pair[1]).toArray();
    }

    /** A chain has been taken from the available ring. */
    void taken(int head) {
        CrashPoint.reach(CrashPoint.TAKEN);
        long at = entry(head);
        LONG.setRelease(memory, at + InflightLayout.COUNTER, counter++);
        LONG.setRelease(memory, at + InflightLayout.IN_FLIGHT, 1L); // and never begun again; the link is written later
        CrashPoint.reach(CrashPoint.RECORDED);
    }

    /**
     * A chain that is recorded already is about to be begun again, by a successor of who took it.
     *
     * @return how often that has been before, at most 255: so many successors have died with it in flight
     */
    int again(int head) {
        long at = entry(head) + InflightLayout.AGAIN;
        int before = Byte.toUnsignedInt((byte) BYTE.getAcquire(memory, at));
        OrderedStores.release(memory, at, (byte) Math.min(before + 1, 255));
        return before;
    }

    /** A chain is about to be put into the used ring: a batch of one. */
    void completing(int head) {
        CrashPoint.reach(CrashPoint.FINISHED);
        int last = unsigned(InflightLayout.LAST_BATCH_HEAD);
        OrderedStores.release(memory, entry(head) + InflightLayout.NEXT, (short) last);
        CrashPoint.reach(CrashPoint.LINKED);
        OrderedStores.release(memory, InflightLayout.LAST_BATCH_HEAD, (short) head);
        CrashPoint.reach(CrashPoint.ANNOUNCED);
    }

    /** It is there, and the used ring's index says so. */
    void completed(int head, int usedIndex) {
        CrashPoint.reach(CrashPoint.USED);
        cleared(head);
        CrashPoint.reach(CrashPoint.CLEARED);
        noted(usedIndex);
    }

    /** In flight no longer: one of a batch that is in the used ring, or a chain that goes back to the available ring. */
    void cleared(int head) {
        OrderedStores.release(memory, entry(head) + InflightLayout.IN_FLIGHT, (byte) 0);
    }

    /** All of a batch is cleared. */
    void noted(int usedIndex) {
        OrderedStores.release(memory, InflightLayout.USED_INDEX, (short) usedIndex);
        CrashPoint.reach(CrashPoint.NOTED);
    }

    private int unsigned(long offset) {
        return Short.toUnsignedInt((short) SHORT.getAcquire(memory, offset));
    }

    private static long entry(int head) {
        return InflightLayout.HEADER + (long) InflightLayout.ENTRY * head;
    }
}
