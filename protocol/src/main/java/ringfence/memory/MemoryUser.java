package ringfence.memory;

/**
 * One user of published memory tables, such as a queue's worker: it pins the table that it works with. Made by
 * {@link MemoryPublisher#register}. All methods but {@link #close} belong to the user's own thread.
 */
public final class MemoryUser implements AutoCloseable {
    /** What an idle user holds: nothing, so it delays no retirement. */
    static final long NOTHING = Long.MAX_VALUE;

    private final MemoryPublisher publisher;
    private volatile long held = NOTHING;

    MemoryUser(MemoryPublisher publisher) {
        this.publisher = publisher;
    }

    /** The version that this user holds, or {@link #NOTHING}. Any thread. */
    long heldVolatile() {
        return held;
    }

    /** Whether a newer table than the one held has been published: drain, then {@link #adopt}. One volatile read. */
    public boolean isStale() {
        long mine = held;
        return mine != NOTHING && publisher.current().version() != mine;
    }

    /**
     * Goes over to the newest table and lets go of the one before. The caller no longer uses anything of the old one:
     * no segment, no request in flight.
     */
    public MemoryTable adopt() {
        while (true) {
            MemoryTable table = publisher.current();
            // The volatile store before the volatile re-read is Dekker's handshake with the owner, who stores current
            // before it reads held: either the owner sees our pin, or we see its new table and try again.
            held = table.version();
            if (publisher.current() == table) {
                return table;
            }
        }
    }

    /** Lets go of the table held. The user may {@link #adopt} again later. */
    public void release() {
        held = NOTHING;
    }

    /** Lets go for good. */
    @Override
    public void close() {
        release();
        publisher.unregister(this);
    }
}
