package ringfence.fs.state;

import java.lang.foreign.MemorySegment;

/**
 * A change of the state that happens or does not, whenever this process is killed. It holds the lock from
 * {@link FsState#begin} to {@link #commit} or {@link #close}, and belongs to the thread that began it; nothing allocates.
 *
 * <p>Between a request's look at its nodes and its transaction, another queue may have freed them: ask
 * {@link NodeTable#slot} again here. A slot that is not in use is refused by each method, never an exception.
 */
public final class Transaction implements AutoCloseable {
    Transaction() {}

    /**
     * Whether one more node certainly fits: a long directory or a batch goes on in another transaction, or ends its
     * reply here. A transaction holds at least 512 of them.
     */
    public boolean hasRoom() {
        throw new UnsupportedOperationException();
    }

    /**
     * A node that the guest has not known, with one lookup. An older node of the same (device, inode), whose file handle
     * differs since the host has used the inode again, is found no longer by {@link NodeTable#find} but lives on.
     *
     * @param parent the slot in which it was seen, or {@link NodeTable#NONE}
     * @param names memory with its name at {@code nameOffset}, of 0 to 255 bytes
     * @param fileHandle {@code struct file_handle}, checked by its own length, at most 128 bytes of data; or null
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
        throw new UnsupportedOperationException();
    }

    /** The guest was told of it so often more. False: there is no such node. */
    public boolean lookedUp(int slot, long more) {
        throw new UnsupportedOperationException();
    }

    /**
     * The guest forgets some of what it was told; more than that counts as all, the root stays.
     *
     * @return whether the slot is free now. Parents of it may be, too: the {@link Freed observer} is told of all
     */
    public boolean forget(int slot, long less) {
        throw new UnsupportedOperationException();
    }

    /** It was seen elsewhere. A place that would lie below itself (the host's users move, too) makes the stale record NONE. */
    public void moved(int slot, int parent, MemorySegment names, long nameOffset, int nameLength) {
        throw new UnsupportedOperationException();
    }

    /** A handle on a node, which stays as long. @return its slot, or {@link HandleTable#NONE}: no such node, or the table is full (ENFILE) */
    public int open(int node, int flags, boolean directory) {
        throw new UnsupportedOperationException();
    }

    /** Ends a handle. @return whether its node is free now, too */
    public boolean release(int handle) {
        throw new UnsupportedOperationException();
    }

    /**
     * The request of this queue is done, and this is its reply: found again by a successor, together with all that the
     * transaction has changed.
     *
     * @param reply from its {@code fuse_out_header} on
     * @param length 0 to {@link RequestLog#MAX_REPLY}; 0: no reply (FORGET)
     */
    public void done(long unique, int opcode, MemorySegment reply, int length) {
        throw new UnsupportedOperationException();
    }

    /** Makes it happen, and gives back the lock. */
    public void commit() {
        throw new UnsupportedOperationException();
    }

    /** Gives back the lock; without {@link #commit} nothing has happened. */
    @Override
    public void close() {}
}
