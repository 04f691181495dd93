package ringfence.fs.state;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;

/**
 * The nodes that the guest knows. A slot's device, inode, mode and file handle do not change while it is in use, and are
 * read without the lock; names, parents and counts under it.
 */
public final class NodeTable {
    /** The slot of the shared directory; its FUSE id is 1. */
    public static final int ROOT = 0;
    /** No slot. */
    public static final int NONE = -1;

    static final long ROOT_ID = 1;
    static final long SUPERSEDED = 1L << 32;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final SlotSet slots;
    final NodeIndex index;
    private final Words words;
    private final StateLayout layout;

    NodeTable(Words words, StateLayout layout, long seed) {
        this.words = words;
        this.layout = layout;
        slots = new SlotSet(layout.limits().nodes());
        index = new NodeIndex(words, layout, seed);
    }

    /** The FUSE node id. It holds a generation: an id of a freed slot is not given again (within 2^39 of them). */
    public long id(int slot) {
        return slot == ROOT ? ROOT_ID : words.get(at(slot) + StateLayout.ID);
    }

    /** The slot of a FUSE node id, {@link #NONE} if there is no such node (now). Any thread. */
    public int slot(long nodeId) {
        if (nodeId == ROOT_ID) {
            return ROOT;
        }
        int slot = (int) (nodeId & StateLayout.SLOT_MASK);
        if (slot == ROOT || slot >= words.get(StateLayout.NODES_USED)) {
            return NONE;
        }
        // the id after the session: a slot that is taken again has its new id before it is in use
        return isLive(slot) && words.get(at(slot) + StateLayout.ID) == nodeId ? slot : NONE;
    }

    /** {@code st_dev} of the host's file. */
    public long device(int slot) {
        return words.get(at(slot) + StateLayout.NODE_DEVICE);
    }

    /** {@code st_ino} of the host's file. */
    public long inode(int slot) {
        return words.get(at(slot) + StateLayout.NODE_INODE);
    }

    /** {@code st_mode} as it was when the node was made: its type is right for ever. */
    public int mode(int slot) {
        return (int) words.get(at(slot) + StateLayout.NODE_MODE);
    }

    /** The guest's lookup count. */
    public long lookups(int slot) {
        return words.get(at(slot) + StateLayout.NODE_LOOKUPS);
    }

    /** Handles on it, and nodes recorded below it. */
    public int references(int slot) {
        return (int) words.get(at(slot) + StateLayout.NODE_REFERENCES);
    }

    /**
     * The directory in which it was last seen, or {@link #NONE} if that is not known. Going up from it, one comes to the
     * root or to NONE, never round. Under the lock.
     */
    public int parent(int slot) {
        return slot(words.get(at(slot) + StateLayout.NODE_PARENT));
    }

    /**
     * The name under which it was last seen there. Under the lock.
     *
     * @param into 255 bytes of memory
     * @return its length, 0 to 255; 0: it is not known
     */
    public int name(int slot, MemorySegment into) {
        int length = nameLength(slot);
        WordBytes.load(words, at(slot) + StateLayout.NODE_NAME, into, length);
        return length;
    }

    /**
     * The {@code struct file_handle}: {@code u32 bytes; i32 type; data}.
     *
     * @param into 136 bytes of memory
     * @return 8 + bytes, or 0 if it has none
     */
    public int fileHandle(int slot, MemorySegment into) {
        int length = fileHandleLength(slot);
        WordBytes.load(words, at(slot) + StateLayout.NODE_FILE_HANDLE, into, length);
        return length;
    }

    /** The node of a host's file, or {@link #NONE}. Under the lock. */
    public int find(long device, long inode) {
        return index.find(device, inode);
    }

    /** How many there are, the root among them. Under the lock, or while no queue runs. */
    public int count() {
        return slots.taken();
    }

    /** Each slot in use, the root first. Under the lock, or while no queue runs. */
    public void forEach(IntConsumer use) {
        int end = used();
        for (int slot = 0; slot < end; slot++) {
            if (slots.isTaken(slot) && isLive(slot)) {
                use.accept(slot);
            }
        }
    }

    long at(int slot) {
        return layout.node(slot);
    }

    int used() {
        return (int) words.get(StateLayout.NODES_USED);
    }

    boolean isLive(int slot) {
        return slot == ROOT || words.get(at(slot) + StateLayout.LIVES_IN) == words.get(StateLayout.SESSION);
    }

    /** As {@link #isLive}, for any number. */
    boolean isNode(int slot) {
        return slot >= 0 && slot < used() && isLive(slot);
    }

    /** Whether neither guest nor handle nor child needs it any more. */
    boolean isUnused(int slot) {
        return slot != ROOT && lookups(slot) == 0 && references(slot) == 0;
    }

    boolean isSuperseded(int slot) {
        return (words.get(at(slot) + StateLayout.NODE_MODE) & SUPERSEDED) != 0;
    }

    /** Puts the file at the root's; not undone. */
    void root(long device, long inode, int mode) {
        words.set(at(ROOT) + StateLayout.NODE_DEVICE, device);
        words.set(at(ROOT) + StateLayout.NODE_INODE, inode);
        words.set(at(ROOT) + StateLayout.NODE_MODE, Integer.toUnsignedLong(mode));
    }

    /** After the file's nodes have become void: knows the root only. */
    void clear() {
        slots.clear();
        index.clear();
        slots.take(ROOT);
        index.put(ROOT);
    }

    /** The length of a file handle in memory, at most what a slot holds. @throws IllegalArgumentException if it is longer */
    static int lengthOf(MemorySegment fileHandle) {
        int bytes = fileHandle.get(INT, 0);
        if (bytes < 0 || bytes > StateLayout.MAX_FILE_HANDLE - 8) {
            throw new IllegalArgumentException("file handle of " + bytes + " bytes");
        }
        return 8 + bytes;
    }

    private int nameLength(int slot) {
        return (int) words.get(at(slot) + StateLayout.NODE_LENGTHS) & 0xFFFF;
    }

    private int fileHandleLength(int slot) {
        return (int) (words.get(at(slot) + StateLayout.NODE_LENGTHS) >>> 16) & 0xFFFF;
    }
}
