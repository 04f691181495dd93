package ringfence.virtio.queue;

import static ringfence.virtio.SplitLayout.DESCRIPTOR;
import static ringfence.virtio.SplitLayout.INDIRECT;
import static ringfence.virtio.SplitLayout.NEXT;
import static ringfence.virtio.SplitLayout.WRITE;

import java.lang.foreign.MemorySegment;

/**
 * Reads what the next chains begin with, for all of them before the first one is walked. A driver on another processor has just
 * written descriptor, indirect table and request; each is a line of the cache that takes some 60 ns to come from there, and
 * the way to one leads over the other. Read chain by chain, they are waited for one after the other; read for many chains
 * at a time, they come at the same time.
 *
 * <p>What is read here decides nothing: whatever it is, the walk reads again, and checks. Nothing outside the given memory is
 * read. One owner thread; allocates nothing.
 */
final class LookAhead {
    /** Most chains: about as many lines as a processor waits for at a time. */
    static final int MOST = 16;

    private static final long NOWHERE = -1;

    private final long[] tables = new long[MOST];
    private final long[] first = new long[MOST];
    private final long[] second = new long[MOST];
    /** Without a use of what was read, the compiler would not read it. */
    private long seen;

    /**
     * Reads.
     *
     * @param next slot of the first chain in the available ring, not yet masked
     * @param chains that are looked at, which are available, 1 to {@link #MOST}
     * @param mask of the ring's size
     * @param memory the region in which most is; the rest is left out
     * @param base its guest address
     */
    void read(SplitRing ring, int next, int chains, int mask, MemorySegment memory, long base) {
        long last = memory.byteSize() - 2 * DESCRIPTOR;
        heads(ring, next, chains, mask, base, last);
        tables(chains, memory, base, last);
        seen = buffers(chains, memory);
    }

    private void heads(SplitRing ring, int next, int chains, int mask, long base, long last) {
        MemorySegment table = ring.descriptors();
        for (int i = 0; i < chains; i++) {
            long at = SplitRing.descriptorAt(ring.availableEntry(next + i & mask) & mask);
            long place = place(SplitRing.descriptorAddress(table, at) - base, last);
            int flags = flags(SplitRing.descriptorRest(table, at));
            tables[i] = (flags & INDIRECT) != 0 ? place : NOWHERE;
            first[i] = (flags & (INDIRECT | WRITE)) == 0 ? place : NOWHERE;
            second[i] = NOWHERE;
        }
    }

    private void tables(int chains, MemorySegment memory, long base, long last) {
        for (int i = 0; i < chains; i++) {
            long at = tables[i];
            if (at == NOWHERE) {
                continue;
            }
            int flags = flags(SplitRing.descriptorRest(memory, at));
            if ((flags & WRITE) == 0) {
                first[i] = place(SplitRing.descriptorAddress(memory, at) - base, last);
                if ((flags & NEXT) != 0 && (flags(SplitRing.descriptorRest(memory, at + DESCRIPTOR)) & WRITE) == 0) {
                    second[i] = place(SplitRing.descriptorAddress(memory, at + DESCRIPTOR) - base, last);
                }
            }
        }
    }

    private long buffers(int chains, MemorySegment memory) {
        long sum = 0;
        for (int i = 0; i < chains; i++) {
            if (first[i] != NOWHERE) {
                sum += SplitRing.descriptorAddress(memory, first[i]);
            }
            if (second[i] != NOWHERE) {
                sum += SplitRing.descriptorAddress(memory, second[i]);
            }
        }
        return sum;
    }

    private static long place(long offset, long last) {
        return offset >= 0 && offset <= last ? offset : NOWHERE;
    }

    private static int flags(long rest) {
        return (int) (rest >>> 32) & 0xFFFF;
    }

    @Override
    public String toString() {
        return "last seen: " + seen;
    }
}
