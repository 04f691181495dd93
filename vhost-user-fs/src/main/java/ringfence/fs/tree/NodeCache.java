package ringfence.fs.tree;

import java.util.function.Consumer;

/**
 * Descriptors of nodes that can be opened again by their handles: a bounded number, of which the one goes that has not been
 * used for a round (the clock algorithm). A node is in the cache from its opening on; using it sets a mark and nothing else.
 * Any thread.
 */
final class NodeCache {
    /** A node costs the kernel about a kilobyte as long as it is open. */
    private static final int MOST = 1 << 14;

    private final OpenTable nodes;
    private final Consumer<OpenFile> retire;
    private final OpenFile[] ring;
    private int held;
    private int hand;

    /**
     * Empty.
     *
     * @param capacity most descriptors, 1 and above
     * @param retire is given what has been taken out of the table, for its use of it to end outside of any lock
     */
    NodeCache(OpenTable nodes, int capacity, Consumer<OpenFile> retire) {
        this.nodes = nodes;
        this.retire = retire;
        ring = new OpenFile[Math.clamp(capacity, 1, MOST)];
    }

    /** Knows one more, which has been put into the table, in the place of an older one if need be. */
    synchronized void admit(OpenFile file) {
        file.cached(true);
        if (held < ring.length) {
            ring[held++] = file;
            return;
        }
        int at = next();
        OpenFile evicted = evict(ring[at]);
        ring[at] = file;
        if (evicted != null) {
            retire.accept(evicted);
        }
    }

    /** Closes one, for the sake of another descriptor. @return whether there was one */
    boolean reclaim() {
        OpenFile evicted;
        synchronized (this) {
            do {
                if (held == 0) {
                    return false;
                }
                int at = next();
                evicted = evict(ring[at]);
                ring[at] = ring[--held];
                ring[held] = null;
            } while (evicted == null);
        }
        evicted.release();
        return true;
    }

    /** The place of one that may go, or has gone already. */
    private int next() {
        for (int seen = 0; ; seen++) {
            if (hand >= held) {
                hand = 0;
            }
            OpenFile file = ring[hand];
            boolean stays = seen < held && !file.isPinned() && nodes.holds(file) && file.takeMark();
            if (!stays) {
                return hand++;
            }
            hand++;
        }
    }

    /** Takes it out of the cache. @return it, if it was in the table and may go */
    private OpenFile evict(OpenFile file) {
        file.cached(false);
        return !file.isPinned() && nodes.evict(file) ? file : null;
    }

    /** Sees to it that a node's descriptor stays, as its handle will not do any more. @return false: it has gone already */
    synchronized boolean pin(OpenFile file) {
        boolean there = nodes.holds(file);
        file.pinned(there);
        return there;
    }

    /** Its handle will do again. */
    synchronized void unpin(OpenFile file) {
        file.pinned(false);
        if (file.isByHandle() && !file.isCached() && nodes.holds(file)) {
            admit(file);
        }
    }
}
