package ringfence.fs.state;

import java.util.Arrays;

/** Slots in a row, reused: it grows to the longest that there ever was. */
final class SlotList {
    private int[] slots = new int[64];
    private int size;

    void add(int slot) {
        if (size == slots.length) {
            slots = Arrays.copyOf(slots, size * 2);
        }
        slots[size++] = slot;
    }

    int size() {
        return size;
    }

    int get(int index) {
        return slots[index];
    }

    int removeLast() {
        return slots[--size];
    }

    void clear() {
        size = 0;
    }
}
