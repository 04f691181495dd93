package ringfence.fs.state;

import java.util.function.IntConsumer;

/** The open files and directories of the guest. A handle in use does not change: it is read without the lock. */
public final class HandleTable {
    /** No slot. */
    public static final int NONE = -1;

    static final long DIRECTORY = 1L << 32;

    final SlotSet slots;
    private final Words words;
    private final StateLayout layout;
    private final NodeTable nodes;

    HandleTable(Words words, StateLayout layout, NodeTable nodes) {
        this.words = words;
        this.layout = layout;
        this.nodes = nodes;
        slots = new SlotSet(layout.limits().handles());
    }

    /** The {@code fh} that the guest has. It holds a generation, as a node's id does. */
    public long id(int slot) {
        return words.get(at(slot) + StateLayout.ID);
    }

    /** The slot of an {@code fh}, {@link #NONE} if there is no such handle (now). Any thread. */
    public int slot(long fh) {
        int slot = (int) (fh & StateLayout.SLOT_MASK);
        // the id after the session, as a node's
        return isHandle(slot) && id(slot) == fh ? slot : NONE;
    }

    /** The slot of its node. */
    public int node(int slot) {
        return nodes.slot(words.get(at(slot) + StateLayout.HANDLE_NODE));
    }

    /** The flags with which it was opened. */
    public int flags(int slot) {
        return (int) words.get(at(slot) + StateLayout.HANDLE_FLAGS);
    }

    /** Whether OPENDIR made it. */
    public boolean isDirectory(int slot) {
        return (words.get(at(slot) + StateLayout.HANDLE_FLAGS) & DIRECTORY) != 0;
    }

    /** How many there are. Under the lock, or while no queue runs. */
    public int count() {
        return slots.taken();
    }

    /** Each slot in use. Under the lock, or while no queue runs. */
    public void forEach(IntConsumer use) {
        int end = used();
        for (int slot = 0; slot < end; slot++) {
            if (slots.isTaken(slot) && isLive(slot)) {
                use.accept(slot);
            }
        }
    }

    long at(int slot) {
        return layout.handle(slot);
    }

    int used() {
        return (int) words.get(StateLayout.HANDLES_USED);
    }

    boolean isLive(int slot) {
        return words.get(at(slot) + StateLayout.LIVES_IN) == words.get(StateLayout.SESSION);
    }

    /** As {@link #isLive}, for any number. */
    boolean isHandle(int slot) {
        return slot >= 0 && slot < used() && isLive(slot);
    }
}
