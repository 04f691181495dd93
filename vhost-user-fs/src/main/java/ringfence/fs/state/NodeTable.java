package ringfence.fs.state;

import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/**
 * The nodes that the guest knows. A slot's device, inode, mode and file handle never change while it is referenced, and
 * are read without the lock; names, parents and counts under it.
 */
public final class NodeTable {
    /** The slot of the shared directory; its FUSE id is 1. */
    public static final int ROOT = 0;
    /** No slot. */
    public static final int NONE = -1;

    NodeTable() {}

    /** The FUSE node id. It holds a generation: an id of a freed slot is never given again. */
    public long id(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The slot of a FUSE node id, {@link #NONE} if there is no such node (now). Any thread. */
    public int slot(long nodeId) {
        throw new UnsupportedOperationException();
    }

    /** st_dev of the host's file. */
    public long device(int slot) {
        throw new UnsupportedOperationException();
    }

    /** st_ino of the host's file. */
    public long inode(int slot) {
        throw new UnsupportedOperationException();
    }

    /** st_mode as it was when the node was made: its type is right for ever. */
    public int mode(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The guest's lookup count. */
    public long lookups(int slot) {
        throw new UnsupportedOperationException();
    }

    /** Handles, and children recorded below it. */
    public int references(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The directory in which it was last seen, or {@link #NONE} if that is not known. Under the lock. */
    public int parent(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The name under which it was last seen there: its length, 0 to 255, copied into memory of 255 bytes. Under the lock. */
    public int name(int slot, MemorySegment into) {
        throw new UnsupportedOperationException();
    }

    /**
     * The {@code struct file_handle}: {@code u32 bytes; i32 type; data}.
     *
     * @param into 136 bytes
     * @return 8 + bytes, or 0 if it has none
     */
    public int fileHandle(int slot, MemorySegment into) {
        throw new UnsupportedOperationException();
    }

    /** The node of a host's file, or {@link #NONE}. Under the lock. */
    public int find(long device, long inode) {
        throw new UnsupportedOperationException();
    }

    /** How many there are, the root among them. */
    public int count() {
        throw new UnsupportedOperationException();
    }

    /** Each slot in use, the root first. Under the lock, or while no queue runs. */
    public void forEach(IntConsumer use) {
        throw new UnsupportedOperationException();
    }
}
