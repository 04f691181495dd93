package ringfence.fs.state;

import java.util.function.IntConsumer;

/** The open files and directories of the guest. A handle in use does not change: read without the lock. */
public final class HandleTable {
    /** No slot. */
    public static final int NONE = -1;

    HandleTable() {}

    /** The {@code fh} that the guest has. It holds a generation, as a node's id does. */
    public long id(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The slot of an {@code fh}, {@link #NONE} if there is no such handle (now). Any thread. */
    public int slot(long fh) {
        throw new UnsupportedOperationException();
    }

    /** The slot of its node. */
    public int node(int slot) {
        throw new UnsupportedOperationException();
    }

    /** The flags with which it was opened. */
    public int flags(int slot) {
        throw new UnsupportedOperationException();
    }

    /** Whether OPENDIR made it. */
    public boolean isDirectory(int slot) {
        throw new UnsupportedOperationException();
    }

    /** How many there are. */
    public int count() {
        throw new UnsupportedOperationException();
    }

    /** Each slot in use. Under the lock, or while no queue runs. */
    public void forEach(IntConsumer use) {
        throw new UnsupportedOperationException();
    }
}
