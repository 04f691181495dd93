package ringfence.fs.state;

/**
 * Changes of locks inside a transaction: what an owner's new range does to those that it has, as the kernel does it. As in
 * {@link NodeChanges}, a slot that is not in use is filled without a note, and one that is freed is given away after the
 * commit.
 */
final class LockChanges {
    private final Words words;
    private final UndoLog undo;
    private final LockTable locks;
    private final SlotList added = new SlotList();
    private final SlotList freed = new SlotList();

    LockChanges(Words words, UndoLog undo, LockTable locks) {
        this.words = words;
        this.undo = undo;
        this.locks = locks;
    }

    /** The table {@link LockTable#hasRoom has room}. */
    void set(long nodeId, long owner, boolean flock, long start, long end, int type, int pid) {
        long from = start;
        long to = end;
        for (int slot = locks.next(0, nodeId, owner, flock);
                slot != LockTable.NONE;
                slot = locks.next(slot + 1, nodeId, owner, flock)) {
            if (type != LockTable.UNLOCK && locks.type(slot) == type && touches(slot, from, to)) {
                from = Math.min(from, locks.start(slot));
                to = Math.max(to, locks.end(slot));
                free(slot);
            } else if (locks.start(slot) <= to && from <= locks.end(slot)) {
                cut(slot, from, to);
            }
        }
        if (type != LockTable.UNLOCK) {
            add(nodeId, owner, from, to, LockTable.kind(flock, type, pid));
        }
    }

    private boolean touches(int slot, long from, long to) {
        return locks.start(slot) - 1 <= to && from - 1 <= locks.end(slot);
    }

    /** Leaves of a lock what lies before and behind a range that overlaps it. */
    private void cut(int slot, long from, long to) {
        long at = locks.at(slot);
        long last = locks.end(slot);
        boolean before = locks.start(slot) < from;
        if (before) {
            undo.write(at + StateLayout.LOCK_END, from - 1);
        }
        if (last > to) {
            if (before) {
                add(locks.nodeId(slot), locks.owner(slot), to + 1, last, words.get(at + StateLayout.LOCK_KIND));
            } else {
                undo.write(at + StateLayout.LOCK_START, to + 1);
            }
        } else if (!before) {
            free(slot);
        }
    }

    private void add(long nodeId, long owner, long start, long end, long kind) {
        int slot = locks.slots.take();
        if (slot == LockTable.NONE) {
            throw new IllegalStateException("no room for a lock: ask hasRoom()");
        }
        added.add(slot);
        long at = locks.at(slot);
        words.set(at + StateLayout.LIVES_IN, 0);
        words.set(at + StateLayout.LOCK_NODE, nodeId);
        words.set(at + StateLayout.LOCK_OWNER, owner);
        words.set(at + StateLayout.LOCK_START, start);
        words.set(at + StateLayout.LOCK_END, end);
        words.set(at + StateLayout.LOCK_KIND, kind);
        if (slot >= locks.used()) {
            undo.write(StateLayout.LOCKS_USED, slot + 1);
        }
        undo.write(at + StateLayout.LIVES_IN, words.get(StateLayout.SESSION));
    }

    private void free(int slot) {
        undo.write(locks.at(slot) + StateLayout.LIVES_IN, 0);
        freed.add(slot);
    }

    /** All that an owner has on a node. @return how many */
    int drop(long nodeId, long owner, boolean flock) {
        int before = freed.size();
        for (int slot = locks.next(0, nodeId, owner, flock);
                slot != LockTable.NONE;
                slot = locks.next(slot + 1, nodeId, owner, flock)) {
            free(slot);
        }
        return freed.size() - before;
    }

    /** All on a node, whose last handle is gone. */
    void drop(long nodeId) {
        locks.forEach(slot -> {
            if (locks.nodeId(slot) == nodeId) {
                free(slot);
            }
        });
    }

    void committed() {
        give(freed);
        added.clear();
    }

    /** After the file's words have been taken back. */
    void rolledBack() {
        give(added);
        freed.clear();
    }

    private void give(SlotList list) {
        for (int i = 0; i < list.size(); i++) {
            locks.slots.give(list.get(i));
        }
        list.clear();
    }
}
