package ringfence.fs.share;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ringfence.fs.state.LockTable;
import ringfence.fs.tree.LockFiles.Wish;

/**
 * Whether who is about to wait for a lock of fcntl(2) would wait for ever, because an owner of a lock in the way waits for one
 * of its own, over however many others. One search, under the monitor that guards the wishes and all changes of locks.
 *
 * <p>Each owner is looked at once: no more steps than wishes times locks.
 */
final class DeadlockSearch {
    private final LockTable locks;
    private final List<Wish> wishes;
    private final Set<Long> seen = new HashSet<>();
    private final ArrayDeque<Long> next = new ArrayDeque<>();

    DeadlockSearch(LockTable locks, List<Wish> wishes) {
        this.locks = locks;
        this.wishes = wishes;
    }

    /** For a wish that is none of those. */
    boolean finds(Wish wish) {
        follow(wish);
        for (Long owner = next.poll(); owner != null; owner = next.poll()) {
            if (owner == wish.owner()) {
                return true;
            }
            for (Wish other : wishes) {
                if (other.owner() == owner) {
                    follow(other);
                }
            }
        }
        return false;
    }

    /** To who holds what is in its way. */
    private void follow(Wish wish) {
        for (int slot = inTheWay(0, wish); slot != LockTable.NONE; slot = inTheWay(slot + 1, wish)) {
            long owner = locks.owner(slot);
            if (seen.add(owner)) {
                next.add(owner);
            }
        }
    }

    private int inTheWay(int from, Wish wish) {
        return locks.conflict(from, wish.node(), wish.owner(), wish.start(), wish.end(), wish.type());
    }
}
