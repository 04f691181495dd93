package ringfence.fs.state;

import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** All that a successor needs, in one memfd. */
public final class FsState implements AutoCloseable {
    private FsState() {}

    /** Makes an empty one: a sealed memfd. @throws ringfence.linux.ErrnoException ENOMEM, EMFILE */
    public static FsState create(Linux linux, Limits limits) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes one over that a predecessor has left, which is hostile until checked; owns the file from now on, closes it if refused.
     *
     * @throws StateException if it is no state file: one line says why
     */
    public static FsState adopt(Linux linux, Fd file) {
        throw new UnsupportedOperationException();
    }

    /** The file, for whoever keeps it. It stays this object's. */
    public Fd file() {
        throw new UnsupportedOperationException();
    }

    /** Its size. */
    public Limits limits() {
        throw new UnsupportedOperationException();
    }

    /** The session as it is now. Allocates. */
    public Session session() {
        throw new UnsupportedOperationException();
    }

    /** Slots and log entries that {@link #adopt} has dropped because they cannot be right. */
    public int dropped() {
        throw new UnsupportedOperationException();
    }

    /** FORGETs so far that would have taken more lookups than there were. */
    public long underflows() {
        throw new UnsupportedOperationException();
    }

    /** Who is told what is freed from now on; one only. */
    public void observe(Freed freed) {
        throw new UnsupportedOperationException();
    }

    /**
     * The directory that is shared. Once at start, after create or adopt, before anything else.
     *
     * @return false if an adopted state has been written for another directory; nothing is changed then
     */
    public boolean root(long device, long inode, int mode) {
        throw new UnsupportedOperationException();
    }

    /**
     * INIT: the number of the session grows; all nodes but the root, all handles and the logs are void, at once. The
     * observer is told of each. No transaction may be open on this thread.
     */
    public void beginSession(int minor, long flags, int maxWrite) {
        throw new UnsupportedOperationException();
    }

    /** DESTROY, reset of the device: as {@link #beginSession}, and INIT is forgotten. */
    public void endSession() {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins a transaction: waits for the lock. Nothing is allocated; the object is one per state.
     *
     * @param queue whose log {@link Transaction#done} writes
     */
    public Transaction begin(int queue) {
        throw new UnsupportedOperationException();
    }

    /** The nodes. */
    public NodeTable nodes() {
        throw new UnsupportedOperationException();
    }

    /** The handles. */
    public HandleTable handles() {
        throw new UnsupportedOperationException();
    }

    /** The log of a queue, 0 to {@link Limits#queues} - 1. It belongs to the queue's thread. */
    public RequestLog log(int queue) {
        throw new UnsupportedOperationException();
    }

    /** Session, nodes and handles as bytes, for DEVICE_STATE. The queues have stopped. */
    public byte[] save() {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes over what {@link #save} has made, in place of all that is here. The queues have stopped.
     *
     * @param saved hostile until checked
     * @throws StateException if it is refused; nothing is changed then
     */
    public void load(byte[] saved) {
        throw new UnsupportedOperationException();
    }

    /** Gives back mapping and descriptor. The file lives on with whoever keeps it. */
    @Override
    public void close() {}
}
