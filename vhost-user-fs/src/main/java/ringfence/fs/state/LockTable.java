package ringfence.fs.state;

import java.util.function.IntConsumer;

/**
 * The locks that the guest holds on the host's files, so that a successor can take them again. One owner's ranges on a node do
 * not overlap, and those of one type do not touch. A lock lives no longer than the last handle of its node.
 *
 * <p>There are few: who looks for some looks at all. Under the state's lock, or under one that all who change them hold.
 */
public final class LockTable {
    /** No slot. */
    public static final int NONE = -1;
    /** The last byte of a range that has no end: OFF_T_MAX. */
    public static final long END = Long.MAX_VALUE;
    /** How many there can be; a change may take two more for a moment. */
    public static final int MOST = StateLayout.LOCKS;

    /** {@code F_RDLCK}, {@code F_WRLCK}, {@code F_UNLCK}. */
    public static final int READ = 0;

    public static final int WRITE = 1;
    public static final int UNLOCK = 2;

    private static final int WRITE_BIT = 1;
    private static final int FLOCK_BIT = 2;

    final SlotSet slots = new SlotSet(StateLayout.LOCKS);
    private final Words words;
    private final StateLayout layout;
    private final NodeTable nodes;

    LockTable(Words words, StateLayout layout, NodeTable nodes) {
        this.words = words;
        this.layout = layout;
        this.nodes = nodes;
    }

    /** The id of its node. */
    public long nodeId(int slot) {
        return words.get(at(slot) + StateLayout.LOCK_NODE);
    }

    /** The slot of its node. */
    public int node(int slot) {
        return nodes.slot(nodeId(slot));
    }

    /** Who holds it: the guest kernel's number for a process or an open file. */
    public long owner(int slot) {
        return words.get(at(slot) + StateLayout.LOCK_OWNER);
    }

    /** First byte. */
    public long start(int slot) {
        return words.get(at(slot) + StateLayout.LOCK_START);
    }

    /** Last byte, {@link #END}: none is. */
    public long end(int slot) {
        return words.get(at(slot) + StateLayout.LOCK_END);
    }

    /** {@link #READ} or {@link #WRITE}. */
    public int type(int slot) {
        return (words.get(at(slot) + StateLayout.LOCK_KIND) & WRITE_BIT) == 0 ? READ : WRITE;
    }

    /** Whether it is one of flock(2), not of fcntl(2). */
    public boolean isFlock(int slot) {
        return (words.get(at(slot) + StateLayout.LOCK_KIND) & FLOCK_BIT) != 0;
    }

    /** The guest's process that has asked for it. */
    public int pid(int slot) {
        return (int) (words.get(at(slot) + StateLayout.LOCK_KIND) >>> 32);
    }

    /** How many there are. */
    public int count() {
        return slots.taken();
    }

    /** Whether {@link Transaction#lock} certainly finds room for this. */
    public boolean hasRoom(long start, long end, int type) {
        int needed = type != UNLOCK ? 2 : start == 0 && end == END ? 0 : 1;
        return slots.size() - slots.taken() >= needed;
    }

    /** Whether an owner holds any on a node. */
    public boolean holds(long nodeId, long owner, boolean flock) {
        return next(0, nodeId, owner, flock) != NONE;
    }

    /** The first from slot {@code from} on that an owner holds on a node, or {@link #NONE}. */
    int next(int from, long nodeId, long owner, boolean flock) {
        int end = slots.taken() == 0 ? 0 : used();
        for (int slot = from; slot < end; slot++) {
            if (isTaken(slot) && nodeId(slot) == nodeId && owner(slot) == owner && isFlock(slot) == flock) {
                return slot;
            }
        }
        return NONE;
    }

    /**
     * A lock of fcntl(2) of another owner that is in the way of this one.
     *
     * @return its slot, or {@link #NONE}
     */
    public int conflict(long nodeId, long owner, long start, long end, int type) {
        return conflict(0, nodeId, owner, start, end, type);
    }

    /** The same, from slot {@code from} on. */
    public int conflict(int from, long nodeId, long owner, long start, long end, int type) {
        int last = slots.taken() == 0 ? 0 : used();
        for (int slot = from; slot < last; slot++) {
            if (isTaken(slot)
                    && nodeId(slot) == nodeId
                    && owner(slot) != owner
                    && !isFlock(slot)
                    && start(slot) <= end
                    && start <= end(slot)
                    && (type == WRITE || type(slot) == WRITE)) {
                return slot;
            }
        }
        return NONE;
    }

    /** Each. */
    public void forEach(IntConsumer use) {
        int end = slots.taken() == 0 ? 0 : used();
        for (int slot = 0; slot < end; slot++) {
            if (isTaken(slot)) {
                use.accept(slot);
            }
        }
    }

    /** What a slot's word of its kind is. */
    static long kind(boolean flock, int type, int pid) {
        return (long) pid << 32 | (flock ? FLOCK_BIT : 0) | (type == WRITE ? WRITE_BIT : 0);
    }

    /** Whether what a slot holds can be a lock, beside those that are there. */
    boolean isSane(int slot) {
        int node = node(slot);
        long kind = words.get(at(slot) + StateLayout.LOCK_KIND) & 0xFFFF_FFFFL;
        long start = start(slot);
        long end = end(slot);
        return node != NodeTable.NONE
                && (nodes.mode(node) & StateLayout.S_IFMT) == StateLayout.S_IFREG
                && nodes.references(node) > 0
                && kind <= (FLOCK_BIT | WRITE_BIT)
                && start >= 0
                && end >= start
                && (!isFlock(slot) || start == 0 && end == END)
                && isApart(slot);
    }

    private boolean isApart(int slot) {
        long node = nodeId(slot);
        long owner = owner(slot);
        boolean flock = isFlock(slot);
        for (int other = next(0, node, owner, flock); other != NONE; other = next(other + 1, node, owner, flock)) {
            int gap = type(other) == type(slot) ? 1 : 0;
            if (start(other) - gap <= end(slot) && start(slot) - gap <= end(other)) {
                return false;
            }
        }
        return true;
    }

    long at(int slot) {
        return layout.lock(slot);
    }

    int used() {
        return (int) words.get(StateLayout.LOCKS_USED);
    }

    private boolean isTaken(int slot) {
        return slots.isTaken(slot) && isLive(slot);
    }

    boolean isLive(int slot) {
        return words.get(at(slot) + StateLayout.LIVES_IN) == words.get(StateLayout.SESSION);
    }
}
