package ringfence.fs.state;

import java.util.BitSet;
import java.util.function.IntConsumer;
import ringfence.linux.Linux;

/**
 * Reads what a file holds and makes the tables of the heap from it. Everything is checked: a slot that cannot be right is
 * dropped, a parent that is none forgotten, references are counted anew. It never fails, and takes time in proportion to
 * the slots in use; holes of the file are not touched, for that would fill them. Being killed meanwhile changes nothing,
 * since it can be done again.
 */
final class Adoption {
    private static final long MODE_BITS = NodeTable.SUPERSEDED | 0xFFFF;
    private static final int TYPE = 0xF000;
    private static final int DIRECTORY = 0x4000;

    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long SLASHES = '/' * ONES;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final Linux linux;
    private final StateFile file;
    private final Words words;
    private final NodeTable nodes;
    private final HandleTable handles;
    private final LockTable locks;
    private final NodeChanges changes;
    private int dropped;

    private Adoption(
            Linux linux, StateFile file, NodeTable nodes, HandleTable handles, LockTable locks, NodeChanges changes) {
        this.linux = linux;
        this.file = file;
        words = file.words();
        this.nodes = nodes;
        this.handles = handles;
        this.locks = locks;
        this.changes = changes;
    }

    /** @throws StateException if the header is out of every range */
    static void checkHeader(Words words, Limits limits) {
        long session = words.get(StateLayout.SESSION);
        long begun = words.get(StateLayout.INIT) >>> 32;
        long nodes = words.get(StateLayout.NODES_USED);
        long handles = words.get(StateLayout.HANDLES_USED);
        long locks = words.get(StateLayout.LOCKS_USED);
        long maxWrite = words.get(StateLayout.MAX_WRITE);
        if (session < 1
                || session > Long.MAX_VALUE / 2
                || begun > 1
                || maxWrite < 0
                || maxWrite > Integer.MAX_VALUE
                || nodes < 1
                || nodes > limits.nodes()
                || handles < 0
                || handles > limits.handles()
                || locks < 0
                || locks > StateLayout.LOCKS) {
            throw new StateException("state file: session=" + session + " begun=" + begun + " maxWrite=" + maxWrite
                    + " nodes=" + nodes + " handles=" + handles + " locks=" + locks + " are not possible in "
                    + limits);
        }
    }

    /**
     * Fills the tables, which are empty.
     *
     * @return how many slots have been dropped
     */
    static int run(
            Linux linux, StateFile file, NodeTable nodes, HandleTable handles, LockTable locks, NodeChanges changes) {
        Adoption adoption = new Adoption(linux, file, nodes, handles, locks, changes);
        adoption.nodes();
        adoption.parents();
        adoption.handles();
        adoption.locks();
        adoption.unused();
        return adoption.dropped;
    }

    private void nodes() {
        nodes.clear();
        root(nodes.at(NodeTable.ROOT));
        scan(nodes.at(NodeTable.ROOT), StateLayout.NODE_WORDS, 1, nodes.used(), this::node);
    }

    private void node(int slot) {
        long at = nodes.at(slot);
        if (!livesNow(at)) {
            return;
        }
        if (!isNode(at, slot)) {
            drop(at);
            return;
        }
        set(at + StateLayout.NODE_REFERENCES, 0);
        nodes.slots.take(slot);
        if (!nodes.isSuperseded(slot)) {
            nodes.index.put(slot);
        }
    }

    /**
     * Slots from {@code first} to {@code end} that are not in a hole.
     *
     * @param base word of slot 0
     */
    private void scan(long base, int slotWords, int first, int end, IntConsumer look) {
        int slot = first;
        while (slot < end) {
            long data = linux.files().trySeek(file.file(), base + (long) slot * slotWords << 3, SEEK_DATA);
            if (data < 0) {
                return; // ENXIO: there is none behind
            }
            long hole = linux.files().trySeek(file.file(), data, SEEK_HOLE);
            int from = (int) (((data >> 3) - base) / slotWords);
            int to = (int) (((hole >> 3) - base + slotWords - 1) / slotWords);
            slot = Math.max(slot, from);
            for (int stop = Math.min(end, Math.max(to, slot + 1)); slot < stop; slot++) {
                look.accept(slot);
            }
        }
    }

    /** It cannot be dropped: what of it matters is made right. */
    private void root(long at) {
        set(at + StateLayout.NODE_MODE, words.get(at + StateLayout.NODE_MODE) & 0xFFF | DIRECTORY);
        set(at + StateLayout.NODE_LOOKUPS, Math.max(0, words.get(at + StateLayout.NODE_LOOKUPS)));
        set(at + StateLayout.NODE_REFERENCES, 0);
        set(at + StateLayout.NODE_PARENT, 0);
        set(at + StateLayout.NODE_LENGTHS, 0);
    }

    private boolean isNode(long at, int slot) {
        long mode = words.get(at + StateLayout.NODE_MODE);
        long lengths = words.get(at + StateLayout.NODE_LENGTHS);
        boolean twice = (mode & NodeTable.SUPERSEDED) == 0
                && nodes.find(nodes.device(slot), nodes.inode(slot)) != NodeTable.NONE;
        return StateLayout.isId(words.get(at), slot)
                && (mode & ~MODE_BITS) == 0
                && isType((int) mode & TYPE)
                && words.get(at + StateLayout.NODE_LOOKUPS) >= 0
                && lengths >>> 32 == 0
                && isName(at + StateLayout.NODE_NAME, (int) lengths & 0xFFFF)
                && isFileHandle(at + StateLayout.NODE_FILE_HANDLE, (int) lengths >>> 16)
                && !twice;
    }

    /** S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK, S_IFREG, S_IFLNK, S_IFSOCK. */
    private static boolean isType(int type) {
        return switch (type) {
            case 0x1000, 0x2000, 0x4000, 0x6000, 0x8000, 0xA000, 0xC000 -> true;
            default -> false;
        };
    }

    private boolean isName(long at, int length) {
        if (length > StateLayout.MAX_NAME) {
            return false;
        }
        for (int i = 0; i < WordBytes.words(length); i++) {
            int bytes = length - 8 * i;
            long word = words.get(at + i) | (bytes < 8 ? -1L << 8 * bytes : 0);
            if (hasZero(word) || hasZero(word ^ SLASHES)) {
                return false;
            }
        }
        boolean dots = length >= 1 && length <= 2 && byteAt(at, 0) == '.' && byteAt(at, length - 1) == '.';
        return !dots;
    }

    /** Whether one of its bytes is 0. */
    private static boolean hasZero(long word) {
        return (word - ONES & ~word & ONES << 7) != 0;
    }

    private boolean isFileHandle(long at, int length) {
        return length == 0
                || length >= 8
                        && length <= StateLayout.MAX_FILE_HANDLE
                        && (int) words.get(at) == length - 8; // its first field, u32
    }

    private int byteAt(long at, int index) {
        return (int) (words.get(at + index / 8) >>> index % 8 * 8) & 0xFF;
    }

    /** Only a directory in use can be a parent, and nobody is above himself. Each node is passed twice at most. */
    private void parents() {
        BitSet settled = new BitSet(nodes.used());
        BitSet passed = new BitSet(nodes.used());
        settled.set(NodeTable.ROOT);
        nodes.forEach(start -> {
            int at = start;
            while (!settled.get(at)) {
                passed.set(at);
                int parent = nodes.parent(at);
                if (parent == NodeTable.NONE || passed.get(parent) || (nodes.mode(parent) & TYPE) != DIRECTORY) {
                    set(nodes.at(at) + StateLayout.NODE_PARENT, 0);
                    break;
                }
                at = parent;
            }
            settle(start, settled, passed);
        });
    }

    private void settle(int start, BitSet settled, BitSet passed) {
        for (int at = start; at != NodeTable.NONE && !settled.get(at); at = nodes.parent(at)) {
            settled.set(at);
            passed.clear(at);
            int parent = nodes.parent(at);
            if (parent != NodeTable.NONE) {
                refer(parent);
            }
        }
    }

    private void handles() {
        handles.slots.clear();
        scan(handles.at(0), StateLayout.HANDLE_WORDS, 0, handles.used(), this::handle);
    }

    private void handle(int slot) {
        long at = handles.at(slot);
        if (!livesNow(at)) {
            return;
        }
        int node = handles.node(slot);
        long flags = words.get(at + StateLayout.HANDLE_FLAGS);
        if (!StateLayout.isId(words.get(at), slot) || node == NodeTable.NONE || flags >>> 33 != 0) {
            drop(at);
            return;
        }
        handles.slots.take(slot);
        refer(node);
    }

    private void locks() {
        locks.slots.clear();
        scan(locks.at(0), StateLayout.LOCK_WORDS, 0, locks.used(), slot -> {
            if (livesNow(locks.at(slot))) {
                if (locks.isSane(slot)) {
                    locks.slots.take(slot);
                } else {
                    drop(locks.at(slot));
                }
            }
        });
    }

    /** Those that a transaction has left for the next one. */
    private void unused() {
        nodes.forEach(slot -> {
            if (nodes.isUnused(slot)) {
                changes.addUnused(slot);
            }
        });
    }

    /** A slot that is in use; one that claims a session to come is dropped. */
    private boolean livesNow(long at) {
        long session = words.get(at + StateLayout.LIVES_IN);
        long now = words.get(StateLayout.SESSION);
        if (session > now) {
            drop(at);
        }
        return session == now;
    }

    private void drop(long at) {
        set(at + StateLayout.LIVES_IN, 0);
        dropped++;
    }

    private void refer(int slot) {
        set(nodes.at(slot) + StateLayout.NODE_REFERENCES, nodes.references(slot) + 1L);
    }

    /** Stores only what is not so already. */
    private void set(long word, long value) {
        if (words.get(word) != value) {
            words.set(word, value);
        }
    }
}
