package ringfence.fs.state;

import java.util.Arrays;

/**
 * Which slots are free, on the heap: two levels of bits, so that the lowest free one is found in a few steps. Lowest
 * first keeps the used part of the file dense. Under the state's lock.
 */
final class SlotSet {
    static final int NONE = -1;

    private final int size;
    /** Bit set: free. */
    private final long[] free;
    /** Bit set: that word of {@link #free} is not 0. */
    private final long[] some;

    /** No word of {@link #some} before this one has a bit. */
    private int hint;

    private int taken;

    /** So many, all free. */
    SlotSet(int size) {
        this.size = size;
        free = new long[(size + 63) / 64];
        some = new long[(free.length + 63) / 64];
        clear();
    }

    /** All are free. */
    void clear() {
        fill(free, size);
        fill(some, free.length);
        hint = 0;
        taken = 0;
    }

    private static void fill(long[] bits, int count) {
        Arrays.fill(bits, -1L);
        if (count % 64 != 0) {
            bits[bits.length - 1] = (1L << count % 64) - 1;
        }
    }

    /** Takes the lowest free one; {@link #NONE} if there is none. */
    int take() {
        while (hint < some.length && some[hint] == 0) {
            hint++;
        }
        if (hint == some.length) {
            return NONE;
        }
        int word = hint * 64 + Long.numberOfTrailingZeros(some[hint]);
        int slot = word * 64 + Long.numberOfTrailingZeros(free[word]);
        take(slot);
        return slot;
    }

    /** Takes this one, which is free. */
    void take(int slot) {
        int word = slot / 64;
        free[word] &= ~(1L << slot % 64);
        if (free[word] == 0) {
            some[word / 64] &= ~(1L << word % 64);
        }
        taken++;
    }

    /** Gives one back that is taken. */
    void give(int slot) {
        int word = slot / 64;
        free[word] |= 1L << slot % 64;
        some[word / 64] |= 1L << word % 64;
        hint = Math.min(hint, word / 64);
        taken--;
    }

    boolean isTaken(int slot) {
        return (free[slot / 64] & 1L << slot % 64) == 0;
    }

    /** How many are taken. */
    int taken() {
        return taken;
    }

    /** How many there are. */
    int size() {
        return size;
    }
}
