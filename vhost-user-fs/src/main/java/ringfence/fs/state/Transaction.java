package ringfence.fs.state;

import java.lang.foreign.MemorySegment;

/**
 * A change of the state that happens or does not, whenever this process is killed. It holds the lock from
 * {@link FsState#begin} to {@link #commit} or {@link #close}, and belongs to the thread that began it; nothing allocates.
 *
 * <p>What it changes is seen at once by this thread. Between a request's look at its nodes and its transaction, another
 * queue may have freed them: ask {@link NodeTable#slot} again here. A slot that is not in use is refused by each method,
 * never with an exception.
 */
public final class Transaction implements AutoCloseable {
    /** The most that one method notes, a rename into another directory with a hundred parents that go; and some. */
    private static final int ROOM = 512;

    private final StateLock lock;
    private final Words words;
    private final UndoLog undo;
    private final NodeTable nodes;
    private final NodeChanges changes;
    private final HandleTable handles;
    private final LockTable locks;
    private final LockChanges lockChanges;
    private final SlotList opened = new SlotList();
    private final SlotList released = new SlotList();
    private Freed observer = new Freed() {
        @Override
        public void node(int slot) {}

        @Override
        public void handle(int slot) {}
    };
    private RequestLog log;

    Transaction(Words words, StateLock lock, NodeTable nodes, HandleTable handles, LockTable locks) {
        this.words = words;
        this.lock = lock;
        this.nodes = nodes;
        this.handles = handles;
        this.locks = locks;
        undo = new UndoLog(words);
        lockChanges = new LockChanges(words, undo, locks);
        changes = new NodeChanges(words, undo, nodes);
    }

    void begin(RequestLog log) {
        lock.lock();
        this.log = log;
    }

    void observe(Freed freed) {
        observer = freed;
    }

    NodeChanges changes() {
        return changes;
    }

    /**
     * Whether any one more call certainly fits: a long directory ends its reply here, a batch goes on in another
     * transaction. 1,500 nodes fit.
     */
    public boolean hasRoom() {
        return undo.hasRoom(2 * ROOM);
    }

    /**
     * A node that the guest has not known, with one lookup. An older node of the same (device, inode), whose file handle
     * differs since the host has used the inode again, is found no longer by {@link NodeTable#find} but lives on.
     *
     * @param parent the slot in which it was seen, or {@link NodeTable#NONE}
     * @param names memory with its name at {@code nameOffset}
     * @param nameLength 0 to 255 bytes; 0: not known
     * @param fileHandle {@code struct file_handle}, which has its own length, at most 128 bytes of data; or null
     * @return its slot, or {@link NodeTable#NONE}: the table is full (ENFILE)
     */
    public int addNode(
            long device,
            long inode,
            int mode,
            int parent,
            MemorySegment names,
            long nameOffset,
            int nameLength,
            MemorySegment fileHandle) {
        check();
        checkName(nameLength);
        int slot = changes.take();
        if (slot != NodeTable.NONE) {
            changes.fill(slot, device, inode, mode, parent);
            changes.describe(slot, names, nameOffset, nameLength, fileHandle);
            changes.publish(slot);
        }
        return slot;
    }

    /**
     * The guest was told of it so often more, 1 or more.
     *
     * @return false: there is no such node
     */
    public boolean lookedUp(int slot, long more) {
        check();
        if (!nodes.isNode(slot)) {
            return false;
        }
        changes.lookedUp(slot, more);
        return true;
    }

    /**
     * The guest forgets some of what it was told; more than that counts as all, the root stays.
     *
     * @param less an unsigned number
     * @return whether the slot is free now. Parents of it may be, too: the {@link Freed observer} is told of all
     */
    public boolean forget(int slot, long less) {
        check();
        return nodes.isNode(slot) && changes.forget(slot, less);
    }

    /**
     * It was seen elsewhere. Where the host's users move directories, too, the recorded places may contradict each other: the
     * older record becomes NONE then.
     */
    public void moved(int slot, int parent, MemorySegment names, long nameOffset, int nameLength) {
        check();
        checkName(nameLength);
        if (slot != NodeTable.ROOT && nodes.isNode(slot)) {
            changes.move(slot, parent);
            changes.rename(slot, names, nameOffset, nameLength);
            changes.freeIfUnused(slot);
        }
    }

    /**
     * It is the same file, with other numbers: after {@link FsState#load} on another host. No queue runs.
     *
     * @param fileHandle as that of {@link #addNode}
     */
    public void rebind(int slot, long device, long inode, MemorySegment fileHandle) {
        check();
        if (slot != NodeTable.ROOT && nodes.isNode(slot)) {
            changes.rebind(slot, device, inode, fileHandle);
        }
    }

    /**
     * A handle on a node, which stays as long.
     *
     * @return its slot, or {@link HandleTable#NONE}: no such node, or the table is full (ENFILE)
     */
    public int open(int node, int flags, boolean directory) {
        check();
        if (!nodes.isNode(node)) {
            return HandleTable.NONE;
        }
        int slot = handles.slots.take();
        if (slot == HandleTable.NONE) {
            return HandleTable.NONE;
        }
        opened.add(slot);
        long at = handles.at(slot);
        words.set(at + StateLayout.LIVES_IN, 0);
        words.set(at + StateLayout.ID, StateLayout.nextId(words.get(at + StateLayout.ID), slot));
        words.set(at + StateLayout.HANDLE_NODE, nodes.id(node));
        words.set(
                at + StateLayout.HANDLE_FLAGS, Integer.toUnsignedLong(flags) | (directory ? HandleTable.DIRECTORY : 0));
        changes.refer(node);
        if (slot >= handles.used()) {
            undo.write(StateLayout.HANDLES_USED, slot + 1);
        }
        undo.write(at + StateLayout.LIVES_IN, words.get(StateLayout.SESSION));
        return slot;
    }

    /**
     * Ends a handle; with its node's last one, all locks on that.
     *
     * @return whether its node is free now, too
     */
    public boolean release(int handle) {
        check();
        if (!handles.isHandle(handle)) {
            return false;
        }
        int node = handles.node(handle);
        undo.write(handles.at(handle) + StateLayout.LIVES_IN, 0);
        released.add(handle);
        if (node == NodeTable.NONE) {
            return false;
        }
        long id = nodes.id(node);
        boolean free = changes.release(node);
        if (locks.count() > 0 && nodes.references(node) == 0) {
            lockChanges.drop(id);
        }
        return free;
    }

    /**
     * An owner's range of a node, which has a handle, becomes one of this type; the owner's others split and merge.
     *
     * @param flock whether it is of flock(2); then the range is all
     * @param end last byte, {@link LockTable#END}: none is
     * @param type {@link LockTable#READ}, {@link LockTable#WRITE} or {@link LockTable#UNLOCK}
     * @return false: there is no such node, or no {@link LockTable#hasRoom room}
     */
    public boolean lock(int node, long owner, boolean flock, long start, long end, int type, int pid) {
        check();
        if (!nodes.isNode(node) || !locks.hasRoom(start, end, type)) {
            return false;
        }
        lockChanges.set(nodes.id(node), owner, flock, start, end, type, pid);
        return true;
    }

    /** An owner lets go of all that it has locked of a node. @return how many locks */
    public int unlock(long nodeId, long owner, boolean flock) {
        check();
        return lockChanges.drop(nodeId, owner, flock);
    }

    /** A part of this queue's request is done: see {@link RequestLog#fact}, 0. */
    public void progress(long unique, int opcode, long part) {
        check();
        log.progress(undo, unique, opcode, part);
    }

    /**
     * The request of this queue is done, and this is its reply: a successor finds it together with all that the transaction
     * has changed.
     *
     * @param reply from its {@code fuse_out_header} on
     * @param length 0 to {@link RequestLog#MAX_REPLY}; 0: no reply (FORGET)
     */
    public void done(long unique, int opcode, MemorySegment reply, int length) {
        check();
        if (length < 0 || length > RequestLog.MAX_REPLY) {
            throw new IllegalArgumentException("reply of " + length + " bytes");
        }
        log.done(undo, unique, opcode, reply, length);
    }

    /** Makes it happen, and gives back the lock. */
    public void commit() {
        check();
        changes.sweep();
        undo.commit();
        opened.clear();
        changes.committed(observer);
        lockChanges.committed();
        for (int i = 0; i < released.size(); i++) {
            observer.handle(released.get(i));
            handles.slots.give(released.get(i));
        }
        end();
    }

    /** Gives back the lock; without {@link #commit} nothing has happened. */
    @Override
    public void close() {
        if (!lock.isMine()) {
            return;
        }
        changes.rollingBack();
        undo.rollBack();
        changes.rolledBack();
        lockChanges.rolledBack();
        for (int i = 0; i < opened.size(); i++) {
            handles.slots.give(opened.get(i));
        }
        end();
    }

    private void end() {
        opened.clear();
        released.clear();
        log = null;
        lock.unlock();
    }

    /** A word of a change that is no request's. */
    void write(long word, long value) {
        check();
        undo.write(word, value);
    }

    /** Makes the words of such a change happen; the lock is kept. */
    void commitWords() {
        check();
        undo.commit();
    }

    private void check() {
        if (!lock.isMine()) {
            throw new IllegalStateException("the transaction has ended");
        }
    }

    private static void checkName(int length) {
        if (length < 0 || length > StateLayout.MAX_NAME) {
            throw new IllegalArgumentException("name of " + length + " bytes");
        }
    }
}
