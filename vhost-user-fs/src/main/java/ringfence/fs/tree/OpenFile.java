package ringfence.fs.tree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import ringfence.linux.Fd;

/**
 * A descriptor with several users, closed by the last one. It belongs to a slot of a table, which is the first user.
 *
 * <p>Any thread may use it between {@link #tryUse} and {@link #release}.
 */
public final class OpenFile {
    private static final VarHandle USERS;

    static {
        try {
            USERS = MethodHandles.lookup().findVarHandle(OpenFile.class, "users", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Fd fd;
    private final DescriptorBudget budget;
    /** Whose descriptor it is; null: its own. */
    private final OpenFile lender;
    /** By {@link #USERS} only, but where nobody else can know of it. */
    private int users = 1;
    /** Of a directory's handle, from its first READDIR on; guarded by this. */
    private DirectoryStream stream;

    /** Node id under which a keeper has it, beyond our death; 0: none has. */
    private volatile long kept;

    /** Its slot in the table of nodes. */
    private int slot;
    /** Whether it can be closed, and opened again by the handle that the node's slot holds. */
    private boolean byHandle;
    /** Whether it was used since the cache's hand has passed; a mark that gets lost does no harm. */
    private boolean marked;
    /** Whether the cache knows it; guarded by the cache's lock. */
    private boolean cached;
    /** Whether it stays open; guarded by the cache's lock. */
    private boolean pinned;

    /** The next one that waits to be let go of, see {@link Retired}. */
    OpenFile next;

    /**
     * With one user, who has it.
     *
     * @param fd owned from now on
     * @param budget gets one back when it is closed
     */
    public OpenFile(Fd fd, DescriptorBudget budget) {
        this.fd = fd;
        this.budget = budget;
        lender = null;
    }

    private OpenFile(OpenFile lender) {
        fd = lender.fd;
        budget = lender.budget;
        this.lender = lender;
    }

    /** One that is closed. */
    private OpenFile() {
        fd = null;
        budget = null;
        lender = null;
        users = 0;
    }

    /** Stands in a table for one that was there. */
    static OpenFile closed() {
        return new OpenFile();
    }

    /**
     * Another one with the same descriptor, which stays open until both have no more users. The caller is a user of this one,
     * and has asked the budget for one more: the other one's, for when it gets a descriptor of its own.
     *
     * @return it, with one user, who has it
     */
    public OpenFile lend() {
        USERS.getAndAdd(this, 1);
        return new OpenFile(this);
    }

    /** Whether its descriptor is another one's, for now. */
    public boolean isLent() {
        return lender != null;
    }

    /** Whether its descriptor is that one's. */
    public boolean isLentBy(OpenFile other) {
        return lender != null && lender == other;
    }

    /** The descriptor, for a user. */
    public Fd fd() {
        return fd;
    }

    /** One more user; false: it is closed, or about to be. */
    public boolean tryUse() {
        int now = (int) USERS.getAcquire(this);
        while (now > 0) {
            if (USERS.compareAndSet(this, now, now + 1)) {
                return true;
            }
            now = (int) USERS.getAcquire(this);
        }
        return false;
    }

    /** One user less. */
    public void release() {
        if ((int) USERS.getAndAdd(this, -1) == 1) {
            synchronized (this) {
                if (stream != null) {
                    stream.close();
                    stream = null;
                }
            }
            if (lender == null) {
                fd.close();
            } else {
                lender.release();
            }
            budget.give();
        }
    }

    /** Notes under which node id a keeper has it; 0: none has. */
    public void kept(long nodeId) {
        kept = nodeId;
    }

    /** Whether a keeper has it. */
    public boolean isKept() {
        return kept != 0;
    }

    /** See {@link #kept(long)}. */
    long kept() {
        return kept;
    }

    /** Says whether it can be closed, and opened again by its node's handle; to be said before it is put into the table. */
    public void byHandle(boolean can) {
        byHandle = can;
    }

    boolean isByHandle() {
        return byHandle;
    }

    int slot() {
        return slot;
    }

    void slot(int in) {
        slot = in;
    }

    void mark() {
        if (!marked) {
            marked = true;
        }
    }

    /** Takes the mark away. @return whether there was one */
    boolean takeMark() {
        boolean was = marked;
        marked = false;
        return was;
    }

    boolean isCached() {
        return cached;
    }

    void cached(boolean known) {
        cached = known;
    }

    boolean isPinned() {
        return pinned;
    }

    void pinned(boolean stays) {
        pinned = stays;
    }

    /** Where reading this directory stands; null: not begun. The caller holds this object's lock. */
    public DirectoryStream stream() {
        return stream;
    }

    /** Begins reading it. The caller holds this object's lock. */
    public void stream(DirectoryStream begun) {
        stream = begun;
    }
}
