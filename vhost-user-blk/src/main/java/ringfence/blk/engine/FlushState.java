package ringfence.blk.engine;

/**
 * Whether the device has lost writes: once a flush has failed, all fail until the driver resets the device. Shared by
 * the queues' workers and the control thread.
 *
 * <p>The state is also kept where it outlives this process, in a {@link Store}, and is there before the request that
 * failed completes: the successor that finds it fails every flush.
 */
public final class FlushState {
    private volatile boolean failed;
    private volatile Store store = Store.NONE;

    /** A byte that outlives the daemon. */
    public interface Store {
        /** None: the front-end keeps nothing for us. */
        Store NONE = new Store() {
            @Override
            public boolean isFailed() {
                return false;
            }

            @Override
            public void setFailed(boolean failed) {}
        };

        /** What is stored. */
        boolean isFailed();

        /** Stores it; in shared memory when this returns. */
        void setFailed(boolean failed);
    }

    /** Attaches the store that a front-end brought, and takes over what a predecessor left there. */
    public synchronized void attach(Store kept) {
        store = kept;
        if (kept.isFailed()) {
            failed = true;
        } else if (failed) {
            kept.setFailed(true);
        }
    }

    /** A flush failed. Stored when this returns. */
    public synchronized void fail() {
        failed = true;
        store.setFailed(true);
    }

    /** The driver has reset the device. */
    public synchronized void clear() {
        failed = false;
        store.setFailed(false);
    }

    /** Whether flushes fail. */
    public boolean isFailed() {
        return failed;
    }
}
