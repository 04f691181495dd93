package ringfence.fs.state;

import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * All that a successor needs, in one memfd: see the package. Any thread; a {@link Transaction} serializes the changes.
 * Owns the file and its mapping.
 */
public final class FsState implements AutoCloseable {
    private final Linux linux;
    private final StateFile file;
    private final Words words;
    private final NodeTable nodes;
    private final HandleTable handles;
    private final LockTable locks;
    private final RequestLog[] logs;
    private final Transaction transaction;
    private Freed observer;
    private int dropped;

    private FsState(Linux linux, StateFile file) {
        this.linux = linux;
        this.file = file;
        words = file.words();
        nodes = new NodeTable(words, file.layout(), System.nanoTime());
        handles = new HandleTable(words, file.layout(), nodes);
        locks = new LockTable(words, file.layout(), nodes);
        logs = new RequestLog[limits().queues()];
        for (int queue = 0; queue < logs.length; queue++) {
            logs[queue] = new RequestLog(words, queue);
        }
        transaction = new Transaction(words, new StateLock(), nodes, handles, locks);
    }

    /**
     * Makes an empty one: a sealed memfd.
     *
     * @throws ringfence.linux.ErrnoException ENOMEM, EMFILE
     */
    public static FsState create(Linux linux, Limits limits) {
        return create(linux, limits, UnaryOperator.identity());
    }

    /**
     * Takes one over that a predecessor has left, whose process must have ended. What it holds is hostile until checked: a
     * slot that cannot be right is dropped. Owns the file from now on; closes it if it is refused.
     *
     * @throws StateException if it is no state file: one line says why
     */
    public static FsState adopt(Linux linux, Fd file) {
        return adopt(linux, file, UnaryOperator.identity());
    }

    /** @param between sees and may stop each store */
    static FsState create(Linux linux, Limits limits, UnaryOperator<Words> between) {
        FsState state = new FsState(linux, StateFile.create(linux, limits, between));
        state.nodes.clear();
        return state;
    }

    /** @param between sees and may stop each store */
    static FsState adopt(Linux linux, Fd fd, UnaryOperator<Words> between) {
        try {
            StateFile file = StateFile.open(linux, fd, between);
            try {
                Adoption.checkHeader(file.words(), file.layout().limits());
                FsState state = new FsState(linux, file);
                state.dropped = state.scan();
                for (RequestLog log : state.logs) {
                    state.dropped += log.adopt();
                }
                return state;
            } catch (RuntimeException e) {
                file.close();
                throw e;
            }
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** The file, for whoever keeps it. It stays this object's. */
    public Fd file() {
        return file.file();
    }

    /** How much it can hold. */
    public Limits limits() {
        return file.layout().limits();
    }

    /** The session as it is now. Allocates. */
    public Session session() {
        long init = words.get(StateLayout.INIT);
        return new Session(
                words.get(StateLayout.SESSION), init >>> 32 != 0, (int) init, words.get(StateLayout.FLAGS), (int)
                        words.get(StateLayout.MAX_WRITE));
    }

    /** Slots and log entries that {@link #adopt} has dropped because they cannot be right. */
    public int dropped() {
        return dropped;
    }

    /** FORGETs so far that would have taken more lookups than there were. Under the lock, or about so many. */
    public long underflows() {
        return transaction.changes().underflows();
    }

    /** Who is told what is freed from now on; one only. To be set before the first queue runs. */
    public void observe(Freed freed) {
        observer = freed;
        transaction.observe(freed);
    }

    /**
     * The directory that is shared. Once at start, after create or adopt, before anything else.
     *
     * @return false if an adopted state has been written for another directory; nothing is changed then
     */
    public boolean root(long device, long inode, int mode) {
        long knownDevice = nodes.device(NodeTable.ROOT);
        long knownInode = nodes.inode(NodeTable.ROOT);
        if ((knownInode != 0 || knownDevice != 0) && (knownInode != inode || knownDevice != device)) {
            return false;
        }
        nodes.index.remove(NodeTable.ROOT);
        nodes.root(device, inode, mode);
        nodes.index.put(NodeTable.ROOT);
        return true;
    }

    /**
     * INIT: the number of the session grows; all nodes but the root, all handles and the logs are void, at once. The
     * observer is told of each.
     *
     * @throws IllegalStateException if this thread has a transaction open
     */
    public void beginSession(int minor, long flags, int maxWrite) {
        newSession(1L << 32 | Integer.toUnsignedLong(minor), flags, maxWrite, 1, 0, 0);
        forgetAll();
        transaction.close();
    }

    /** DESTROY, reset of the device: as {@link #beginSession}, and INIT is forgotten. */
    public void endSession() {
        newSession(0, 0, 0, 1, 0, 0);
        forgetAll();
        transaction.close();
    }

    /** Takes the lock and keeps it. */
    private void newSession(long init, long flags, int maxWrite, int nodesUsed, int handlesUsed, int locksUsed) {
        transaction.begin(null);
        try {
            long root = nodes.at(NodeTable.ROOT);
            transaction.write(StateLayout.SESSION, words.get(StateLayout.SESSION) + 1);
            transaction.write(StateLayout.INIT, init);
            transaction.write(StateLayout.FLAGS, flags);
            transaction.write(StateLayout.MAX_WRITE, maxWrite);
            transaction.write(StateLayout.NODES_USED, nodesUsed);
            transaction.write(StateLayout.HANDLES_USED, handlesUsed);
            transaction.write(StateLayout.LOCKS_USED, locksUsed);
            transaction.write(root + StateLayout.NODE_LOOKUPS, 0);
            transaction.write(root + StateLayout.NODE_REFERENCES, 0);
            transaction.commitWords();
        } catch (RuntimeException e) {
            transaction.close();
            throw e;
        }
    }

    /** The heap's part of a session's end. */
    private void forgetAll() {
        for (int slot = 0; observer != null && slot < handles.slots.size(); slot++) {
            if (handles.slots.isTaken(slot)) {
                observer.handle(slot);
            }
        }
        for (int slot = 1; observer != null && slot < nodes.slots.size(); slot++) {
            if (nodes.slots.isTaken(slot)) {
                observer.node(slot);
            }
        }
        locks.slots.clear();
        handles.slots.clear();
        nodes.clear();
    }

    /** Makes the heap's tables from the file. @return how many slots have been dropped */
    private int scan() {
        return Adoption.run(linux, file, nodes, handles, locks, transaction.changes());
    }

    /**
     * Begins a transaction: waits for the lock. Nothing is allocated; the object is one per state.
     *
     * @param queue whose log {@link Transaction#done} writes
     * @throws IllegalStateException if this thread has one open
     */
    public Transaction begin(int queue) {
        transaction.begin(logs[queue]);
        return transaction;
    }

    /** The nodes. */
    public NodeTable nodes() {
        return nodes;
    }

    /** The handles. */
    public HandleTable handles() {
        return handles;
    }

    /** The locks. */
    public LockTable locks() {
        return locks;
    }

    /** The log of a queue, 0 to {@link Limits#queues} - 1. It belongs to the queue's thread. */
    public RequestLog log(int queue) {
        return logs[queue];
    }

    /** Bytes that {@link #save} writes at most. */
    public int mostSaved() {
        return SavedState.most(limits());
    }

    /**
     * Session, nodes, handles and locks as bytes, for DEVICE_STATE. The queues have stopped, so there is no log to save.
     *
     * @throws StateException if there is no room for it; only for limits whose {@link #mostSaved} is what a buffer can hold
     */
    public void save(ByteBuffer into) {
        SavedState.save(session(), words, nodes, handles, locks, into);
    }

    /**
     * Takes over what {@link #save} has made, in place of all that is here but the root. The queues have stopped. On another
     * host, devices and inodes are others: see {@link Transaction#rebind}.
     *
     * @param saved hostile until checked
     * @throws StateException if it is refused; nothing is changed then
     */
    public void load(ByteBuffer saved) {
        SavedState state = new SavedState(saved);
        try (FsState scratch = create(linux, limits())) {
            scratch.take(state);
            if (scratch.dropped > 0) {
                throw new StateException(
                        "saved state: " + scratch.dropped + " nodes, handles or locks cannot be right");
            }
        }
        take(state);
    }

    /** Killed before the session's number is there, this is an empty state. */
    private void take(SavedState state) {
        endSession();
        long number = words.get(StateLayout.SESSION);
        state.write(words, file.layout(), number + 1);
        Session session = state.session();
        long init = (session.begun() ? 1L << 32 : 0) | Integer.toUnsignedLong(session.minor());
        newSession(
                init, session.flags(), session.maxWrite(), state.nodesUsed(), state.handlesUsed(), state.locksUsed());
        dropped = scan();
        transaction.close();
    }

    /** Gives back mapping and descriptor. The file lives on with whoever keeps it. */
    @Override
    public void close() {
        file.close();
    }
}
