package ringfence.fs.state;

import java.lang.foreign.MemorySegment;

/**
 * Changes of nodes inside a transaction, in the file through the {@link UndoLog}, and on the heap so that they can be taken
 * back, too. What lies in a slot that is not in use is written without a note: the slot's session, noted, makes it visible.
 */
final class NodeChanges {
    /** Parents that one forgotten node takes along at once; those above are freed by a later transaction. */
    private static final int MAX_CASCADE = 64;
    /** A deeper place is not recorded. */
    private static final int MAX_DEPTH = 4096;

    private final Words words;
    private final UndoLog undo;
    private final NodeTable nodes;
    private final SlotList touched = new SlotList();
    private final SlotList added = new SlotList();
    private final SlotList freed = new SlotList();
    private final SlotList unused = new SlotList();
    private long underflows;

    NodeChanges(Words words, UndoLog undo, NodeTable nodes) {
        this.words = words;
        this.undo = undo;
        this.nodes = nodes;
    }

    /** FORGETs of more than there was. */
    long underflows() {
        return underflows;
    }

    /** A slot for a node, or {@link NodeTable#NONE}. */
    int take() {
        int slot = nodes.slots.take();
        if (slot != NodeTable.NONE) {
            added.add(slot);
        }
        return slot;
    }

    /** What the host knows of a node that is not in use yet. */
    void fill(int slot, long device, long inode, int mode, int parent) {
        long at = nodes.at(slot);
        words.set(at + StateLayout.LIVES_IN, 0); // in a file that lies, it may be the session's already
        words.set(at + StateLayout.ID, StateLayout.nextId(words.get(at + StateLayout.ID), slot));
        words.set(at + StateLayout.NODE_DEVICE, device);
        words.set(at + StateLayout.NODE_INODE, inode);
        words.set(at + StateLayout.NODE_MODE, Integer.toUnsignedLong(mode));
        words.set(at + StateLayout.NODE_LOOKUPS, 1);
        words.set(at + StateLayout.NODE_REFERENCES, 0);
        words.set(at + StateLayout.NODE_PARENT, nodes.isNode(parent) ? nodes.id(parent) : 0);
    }

    /** Name and file handle of a node that is not in use yet. */
    void describe(int slot, MemorySegment names, long nameOffset, int nameLength, MemorySegment fileHandle) {
        int handleLength = fileHandle == null ? 0 : NodeTable.lengthOf(fileHandle);
        long at = nodes.at(slot);
        words.set(at + StateLayout.NODE_LENGTHS, (long) handleLength << 16 | nameLength);
        WordBytes.store(words, at + StateLayout.NODE_NAME, names, nameOffset, nameLength);
        if (handleLength > 0) {
            WordBytes.store(words, at + StateLayout.NODE_FILE_HANDLE, fileHandle, 0, handleLength);
        }
    }

    /** Takes it into use. */
    void publish(int slot) {
        supersede(nodes.device(slot), nodes.inode(slot));
        int parent = nodes.parent(slot);
        if (parent != NodeTable.NONE) {
            refer(parent);
        }
        if (slot >= nodes.used()) {
            undo.write(StateLayout.NODES_USED, slot + 1);
        }
        undo.write(nodes.at(slot) + StateLayout.LIVES_IN, words.get(StateLayout.SESSION));
        touched.add(slot);
        nodes.index.put(slot);
    }

    private void supersede(long device, long inode) {
        int older = nodes.find(device, inode);
        if (older != NodeTable.NONE) {
            long mode = nodes.at(older) + StateLayout.NODE_MODE;
            undo.write(mode, words.get(mode) | NodeTable.SUPERSEDED);
            touched.add(older);
        }
    }

    void rebind(int slot, long device, long inode, MemorySegment fileHandle) {
        int handleLength = fileHandle == null ? 0 : NodeTable.lengthOf(fileHandle);
        long at = nodes.at(slot);
        nodes.index.remove(slot);
        supersede(device, inode);
        undo.write(at + StateLayout.NODE_DEVICE, device);
        undo.write(at + StateLayout.NODE_INODE, inode);
        undo.write(at + StateLayout.NODE_MODE, words.get(at + StateLayout.NODE_MODE) & ~NodeTable.SUPERSEDED);
        long lengths = words.get(at + StateLayout.NODE_LENGTHS);
        undo.write(at + StateLayout.NODE_LENGTHS, (long) handleLength << 16 | lengths & 0xFFFF);
        for (int i = 0; i < WordBytes.words(handleLength); i++) {
            undo.write(at + StateLayout.NODE_FILE_HANDLE + i, WordBytes.word(fileHandle, 0, handleLength, i));
        }
        touched.add(slot);
        nodes.index.put(slot);
    }

    void lookedUp(int slot, long more) {
        long lookups = nodes.lookups(slot) + more;
        undo.write(nodes.at(slot) + StateLayout.NODE_LOOKUPS, lookups < 0 ? Long.MAX_VALUE : lookups);
    }

    boolean forget(int slot, long less) {
        long lookups = nodes.lookups(slot);
        if (Long.compareUnsigned(less, lookups) > 0) {
            underflows++;
            less = lookups;
        }
        undo.write(nodes.at(slot) + StateLayout.NODE_LOOKUPS, lookups - less);
        return freeIfUnused(slot);
    }

    void move(int slot, int parent) {
        int place = placeable(slot, parent) ? parent : NodeTable.NONE;
        int old = nodes.parent(slot);
        if (place == old) {
            return;
        }
        if (place != NodeTable.NONE) {
            refer(place);
        }
        undo.write(nodes.at(slot) + StateLayout.NODE_PARENT, place == NodeTable.NONE ? 0 : nodes.id(place));
        if (old != NodeTable.NONE) {
            release(old);
        }
    }

    void rename(int slot, MemorySegment names, long nameOffset, int nameLength) {
        long at = nodes.at(slot);
        long lengths = words.get(at + StateLayout.NODE_LENGTHS);
        undo.write(at + StateLayout.NODE_LENGTHS, lengths & ~0xFFFFL | nameLength);
        for (int i = 0; i < WordBytes.words(nameLength); i++) {
            undo.write(at + StateLayout.NODE_NAME + i, WordBytes.word(names, nameOffset, nameLength, i));
        }
    }

    /**
     * Whether the recorded place can be below this parent. If the parent's own record leads through the node, then that
     * record is stale, because the node has just been seen elsewhere: it is cut.
     */
    private boolean placeable(int slot, int parent) {
        if (!nodes.isNode(parent) || parent == slot) {
            return false;
        }
        int at = parent;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            int above = nodes.parent(at);
            if (above == NodeTable.NONE) {
                return true;
            }
            if (above == slot) {
                undo.write(nodes.at(at) + StateLayout.NODE_PARENT, 0);
                undo.write(nodes.at(slot) + StateLayout.NODE_REFERENCES, nodes.references(slot) - 1L);
                return true;
            }
            at = above;
        }
        return false;
    }

    /** One more handle or child. */
    void refer(int slot) {
        undo.write(nodes.at(slot) + StateLayout.NODE_REFERENCES, nodes.references(slot) + 1L);
    }

    /** One handle or child less. @return whether the node is free now */
    boolean release(int slot) {
        undo.write(nodes.at(slot) + StateLayout.NODE_REFERENCES, nodes.references(slot) - 1L);
        return freeIfUnused(slot);
    }

    /** With the parents that only it has kept. @return whether it is free now */
    boolean freeIfUnused(int slot) {
        if (!nodes.isUnused(slot)) {
            return false;
        }
        int at = slot;
        for (int i = 0; i < MAX_CASCADE; i++) {
            int parent = nodes.parent(at);
            free(at);
            if (parent == NodeTable.NONE) {
                return true;
            }
            undo.write(nodes.at(parent) + StateLayout.NODE_REFERENCES, nodes.references(parent) - 1L);
            if (!nodes.isUnused(parent)) {
                return true;
            }
            at = parent;
        }
        unused.add(at);
        return true;
    }

    private void free(int slot) {
        undo.write(nodes.at(slot) + StateLayout.LIVES_IN, 0);
        nodes.index.remove(slot);
        touched.add(slot);
        freed.add(slot);
    }

    /** A node that nobody needs, to be freed by one of the next transactions. */
    void addUnused(int slot) {
        unused.add(slot);
    }

    /** Frees some of those that an earlier transaction has left; to be called before a commit. */
    void sweep() {
        for (int i = 0; i < 4 && unused.size() > 0 && undo.hasRoom(4 * MAX_CASCADE); i++) {
            int slot = unused.removeLast();
            if (nodes.isNode(slot)) {
                freeIfUnused(slot);
            }
        }
    }

    /** After the file's commit. */
    void committed(Freed observer) {
        touched.clear();
        added.clear();
        for (int i = 0; i < freed.size(); i++) {
            observer.node(freed.get(i));
            nodes.slots.give(freed.get(i));
        }
        freed.clear();
    }

    /** Before the file's words are taken back, as long as the keys are those of the index. */
    void rollingBack() {
        for (int i = 0; i < touched.size(); i++) {
            nodes.index.remove(touched.get(i));
        }
    }

    /** After the file's words have been taken back. */
    void rolledBack() {
        for (int i = 0; i < touched.size(); i++) {
            int slot = touched.get(i);
            if (nodes.isLive(slot) && !nodes.isSuperseded(slot)) {
                nodes.index.put(slot);
            }
        }
        for (int i = 0; i < added.size(); i++) {
            nodes.slots.give(added.get(i));
        }
        touched.clear();
        added.clear();
        freed.clear();
    }
}
