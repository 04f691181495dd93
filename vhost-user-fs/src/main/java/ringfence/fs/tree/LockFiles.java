package ringfence.fs.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/**
 * The open files that hold the guest's locks on the host: one for each owner, node and kind, since the host's lock belongs to an
 * open file. And who waits for locks, to be told when one is let go of.
 *
 * <p>Under its own monitor, which whoever changes a lock holds from the first look to the last: taken before that of the tree and
 * the lock of the state, never inside of these.
 */
public final class LockFiles {
    /** Most owners, each of one node and kind. */
    public static final int MOST = 2048;

    /**
     * Whose locks an open file holds.
     *
     * @param node id of it
     * @param owner as the guest's kernel names it
     * @param flock those of flock(2), not of fcntl(2)
     */
    public record Holder(long node, long owner, boolean flock) {}

    /**
     * A lock of fcntl(2) that an owner waits for.
     *
     * @param node id of the file
     * @param owner as in {@link Holder}
     * @param start first byte
     * @param end last byte
     * @param type as in the state's table
     */
    public record Wish(long node, long owner, long start, long end, int type) {}

    private final Map<Holder, OpenFile> files = new HashMap<>();
    private final List<Wish> wishes = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final List<LongConsumer> interrupts = new ArrayList<>();

    /** The file of a holder, or null. */
    public OpenFile find(Holder holder) {
        return files.get(holder);
    }

    /** What is waited for, on any queue; to be changed by who waits. */
    public List<Wish> wishes() {
        return wishes;
    }

    /** How many there are. */
    public int count() {
        return files.size();
    }

    /** Puts in one that has none. @param file with one user, which is the table from now on */
    public void put(Holder holder, OpenFile file) {
        files.put(holder, file);
    }

    /** Closes a holder's file, and so ends what it holds. @return false: there is none */
    public boolean close(Holder holder) {
        OpenFile file = files.remove(holder);
        if (file != null) {
            file.release();
        }
        return file != null;
    }

    /** Closes those of a node. @return whether there were any */
    public boolean close(long node) {
        return closeIf(holder -> holder.node() == node);
    }

    private boolean closeIf(Predicate<Holder> which) {
        return files.entrySet().removeIf(entry -> {
            boolean close = which.test(entry.getKey());
            if (close) {
                entry.getValue().release();
            }
            return close;
        });
    }

    /** Closes all. */
    public void clear() {
        closeIf(_ -> true);
        changed();
    }

    /**
     * Somebody waits.
     *
     * @param onChange told, on any thread, that a lock has been let go of
     * @param onInterrupt told, on any thread, the number of a request that is to wait no longer
     */
    public void await(Runnable onChange, LongConsumer onInterrupt) {
        waiting.add(onChange);
        interrupts.add(onInterrupt);
    }

    /** Nobody waits there any more. */
    public void leave(Runnable onChange, LongConsumer onInterrupt) {
        waiting.remove(onChange);
        interrupts.remove(onInterrupt);
    }

    /** A lock has been let go of. */
    public void changed() {
        waiting.forEach(Runnable::run);
    }

    /** Request {@code unique} is to wait no longer. */
    public void interrupt(long unique) {
        interrupts.forEach(one -> one.accept(unique));
    }
}
