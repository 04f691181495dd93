package ringfence.fs.state;

import java.util.Arrays;

/**
 * Finds a node by device and inode, on the heap: open addressing over slots, whose keys lie in the file. It grows with
 * the nodes; a look-up allocates nothing. Under the state's lock.
 */
final class NodeIndex {
    private static final int SMALLEST = 1 << 10;

    private final Words words;
    private final StateLayout layout;
    private final long seed;

    /** Slot + 1; 0: empty. At most half full. */
    private int[] table = new int[SMALLEST];

    private int size;

    /**
     * An empty one.
     *
     * @param seed makes the order one that a guest cannot foresee
     */
    NodeIndex(Words words, StateLayout layout, long seed) {
        this.words = words;
        this.layout = layout;
        this.seed = seed;
    }

    void clear() {
        Arrays.fill(table, 0);
        size = 0;
    }

    /** The slot, or {@link NodeTable#NONE}. */
    int find(long device, long inode) {
        return table[position(device, inode)] - 1;
    }

    /** Adds a slot; it takes the place of one with the same key. */
    void put(int slot) {
        int at = position(device(slot), inode(slot));
        if (table[at] == 0) {
            size++;
        }
        table[at] = slot + 1;
        if (size * 2 > table.length) {
            grow();
        }
    }

    /** Takes a slot out, if it is the one that is found by its key. */
    void remove(int slot) {
        int hole = position(device(slot), inode(slot));
        if (table[hole] != slot + 1) {
            return;
        }
        size--;
        table[hole] = 0;
        // those behind it move up, but none before its own place
        for (int at = next(hole); table[at] != 0; at = next(at)) {
            int other = table[at] - 1;
            int home = home(device(other), inode(other));
            if ((at - home & table.length - 1) >= (at - hole & table.length - 1)) {
                table[hole] = table[at];
                table[at] = 0;
                hole = at;
            }
        }
    }

    private void grow() {
        int[] old = table;
        table = new int[old.length * 2];
        for (int entry : old) {
            if (entry != 0) {
                table[position(device(entry - 1), inode(entry - 1))] = entry;
            }
        }
    }

    /** Where a key is, or where it would be. */
    private int position(long device, long inode) {
        int at = home(device, inode);
        while (table[at] != 0 && (inode(table[at] - 1) != inode || device(table[at] - 1) != device)) {
            at = next(at);
        }
        return at;
    }

    private int home(long device, long inode) {
        long hash = (inode ^ seed) * 0x9E3779B97F4A7C15L + device;
        hash = (hash ^ hash >>> 32) * 0xD6E8FEB86659FD93L;
        return (int) (hash ^ hash >>> 32) & table.length - 1;
    }

    private int next(int at) {
        return at + 1 & table.length - 1;
    }

    private long device(int slot) {
        return words.get(layout.node(slot) + StateLayout.NODE_DEVICE);
    }

    private long inode(int slot) {
        return words.get(layout.node(slot) + StateLayout.NODE_INODE);
    }
}
