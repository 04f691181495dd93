package ringfence.fs.share;

import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.LockTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.LockFiles;
import ringfence.fs.tree.LockFiles.Holder;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.RangeCalls;

/**
 * Locks of files: GETLK, SETLK, SETLKW, INTERRUPT, and what FLUSH and RELEASE let go of. One owner thread.
 *
 * <p>A lock is the host's: of an open file of its own for each owner that the guest names ({@link LockFiles}), so it ends with this
 * process. What a successor has to take again is in the state. It is written after the host's call, in one transaction with the
 * reply: a daemon that dies between leaves neither lock nor record, and the request is done anew.
 *
 * <p>SETLKW does not wait here: it is answered by {@link Call#WAITS}, and {@link Waiting} asks again.
 */
final class LockOps {
    private final Share share;
    private final LockFiles files;
    private final LockTable locks;
    private LockRequest request = new LockRequest();

    LockOps(Share share) {
        this.share = share;
        files = share.tree().locks();
        locks = share.state().locks();
    }

    /** Whether the guest has been told that some kind of locks is the host's. */
    boolean areOurs() {
        return share.features().has(InitFlags.POSIX_LOCKS | InitFlags.FLOCK_LOCKS);
    }

    /** The request that {@link Call#WAITS} was the answer to; the caller's from now on. */
    LockRequest give() {
        LockRequest waits = request;
        request = new LockRequest();
        return waits;
    }

    private int read(Call call) {
        int wrong = request.read(call.request);
        if (wrong < 0) {
            return wrong;
        }
        return share.features().has(request.isFlock() ? InitFlags.FLOCK_LOCKS : InitFlags.POSIX_LOCKS)
                ? 0
                : Errors.ENOSYS;
    }

    /** What would be in the way of a lock of fcntl(2). The process is 0 where it is none of this guest. */
    int get(Call call) {
        int wrong = read(call);
        if (wrong < 0 || request.isFlock()) {
            return wrong < 0 ? wrong : Errors.EINVAL;
        }
        synchronized (files) {
            int node = node(request.handle());
            if (node == NodeTable.NONE) {
                return Errors.EBADF;
            }
            long id = share.state().nodes().id(node);
            OpenFile own = files.find(new Holder(id, request.owner(), false));
            OpenFile file = own == null ? HostLocks.open(call, node) : own;
            if (file == null) {
                return call.openError;
            }
            long result = share.linux()
                    .ranges()
                    .tryFindLock(file.fd(), call.scratch, request.type(), request.start(), request.length());
            if (own == null) {
                file.release();
            }
            if (result < 0) {
                return (int) result;
            }
            tell(call, id);
            return 0;
        }
    }

    private void tell(Call call, long node) {
        int type = RangeCalls.lockType(call.scratch);
        call.reply.body(OutLayout.LK);
        call.reply.int32(OutLayout.LK_TYPE, type);
        if (type == LockTable.UNLOCK) {
            return;
        }
        long start = RangeCalls.lockStart(call.scratch);
        long length = RangeCalls.lockLength(call.scratch);
        long end = length == 0 ? LockTable.END : start + length - 1;
        int held = locks.conflict(node, request.owner(), start, end, request.type());
        call.reply.int64(OutLayout.LK_START, start);
        call.reply.int64(OutLayout.LK_END, end);
        call.reply.int32(OutLayout.LK_PID, held == LockTable.NONE ? 0 : locks.pid(held));
    }

    int set(Call call) {
        int wrong = read(call);
        return wrong < 0 ? wrong : attempt(call, request);
    }

    int setOrWait(Call call) {
        int result = set(call);
        return result == Errors.EAGAIN ? Call.WAITS : result;
    }

    /** Whether to wait for it would be to wait for ever. The caller holds the monitor of {@link LockFiles}. */
    boolean isDeadlock(LockFiles.Wish wish) {
        return new DeadlockSearch(locks, files.wishes()).finds(wish);
    }

    /** Takes or drops a lock now. @return 0: the reply is laid out, all is noted; or minus the errno */
    int attempt(Call call, LockRequest asked) {
        synchronized (files) {
            int node = node(asked.handle());
            if (node == NodeTable.NONE) {
                return Errors.EBADF;
            }
            if (!locks.hasRoom(asked.start(), asked.end(), asked.type())) {
                call.counters.add(FsCounter.FULL);
                return Errors.ENOLCK;
            }
            Holder holder = new Holder(share.state().nodes().id(node), asked.owner(), asked.isFlock());
            asked.about(holder.node());
            OpenFile file = files.find(holder);
            boolean opens = file == null && asked.type() != LockTable.UNLOCK;
            if (opens) {
                file = HostLocks.open(call, node);
                if (file == null) {
                    return call.openError;
                }
            }
            int result = file == null
                    ? 0
                    : HostLocks.set(call, file, asked.isFlock(), asked.type(), asked.start(), asked.length());
            if (result < 0) {
                refused(call, holder, opens ? file : null);
                return result;
            }
            if (opens) {
                files.put(holder, file);
            }
            share.crash().reach(CrashPoints.At.EFFECT, asked.opcode());
            note(call, asked, node);
            if (asked.type() == LockTable.UNLOCK) {
                HostLocks.closeUnheld(share, holder);
            }
            if (asked.type() != LockTable.WRITE) {
                files.changed();
            }
            return 0;
        }
    }

    private void note(Call call, LockRequest asked, int node) {
        call.reply.begin(asked.unique());
        call.reply.finish(0);
        try (Transaction transaction = share.state().begin(call.queue)) {
            transaction.lock(
                    node, asked.owner(), asked.isFlock(), asked.start(), asked.end(), asked.type(), asked.process());
            transaction.done(asked.unique(), asked.opcode().number(), call.reply.memory(), OutLayout.HEADER);
            share.crash().reach(CrashPoints.At.DECIDED, asked.opcode());
            transaction.commit();
        }
        share.crash().reach(CrashPoints.At.COMMITTED, asked.opcode());
    }

    /**
     * A lock of flock(2) that is to become one of the other type, and cannot, is gone: the host's kernel drops it before it looks.
     *
     * @param opened a file that holds nothing; null: the holder's own
     */
    private void refused(Call call, Holder holder, OpenFile opened) {
        if (opened != null) {
            opened.release();
        } else if (holder.flock()) {
            unlock(call, holder);
        }
    }

    private void unlock(Call call, Holder holder) {
        try (Transaction transaction = share.state().begin(call.queue)) {
            transaction.unlock(holder.node(), holder.owner(), holder.flock());
            transaction.commit();
        }
        if (HostLocks.closeUnheld(share, holder)) {
            files.changed();
        }
    }

    /** Slot of the node of an open file, or NONE. */
    private int node(long fh) {
        HandleTable handles = share.state().handles();
        int slot = handles.slot(fh);
        return slot == HandleTable.NONE || handles.isDirectory(slot) ? NodeTable.NONE : handles.node(slot);
    }

    /** A process closes a file: whatever it had locked of that by fcntl(2) ends, through whichever descriptor it was. */
    void flushed(Call call) {
        synchronized (files) {
            int node = node(call.request.int64(InLayout.FH));
            if (node == NodeTable.NONE) {
                return;
            }
            long id = share.state().nodes().id(node);
            Holder holder = new Holder(id, call.request.int64(InLayout.FLUSH_OWNER), false);
            if (files.find(holder) != null) {
                unlock(call, holder);
            }
        }
    }

    /** RELEASE: the open file's locks of flock(2) end; with the last handle of its node, all locks. */
    int release(Call call) {
        synchronized (files) {
            HandleTable handles = share.state().handles();
            boolean endsFlock = HostLocks.endsFlock(call.request.int32(InLayout.RELEASE_FLAGS));
            Holder holder;
            boolean last;
            try (Transaction transaction = share.state().begin(call.queue)) {
                int slot = handles.slot(call.request.int64(InLayout.FH));
                if (slot == HandleTable.NONE) {
                    return Errors.EBADF;
                }
                int node = handles.node(slot);
                long id = share.state().nodes().id(node);
                holder = new Holder(id, call.request.int64(InLayout.RELEASE_OWNER), true);
                if (endsFlock) {
                    transaction.unlock(id, holder.owner(), true);
                }
                last = transaction.release(slot) || share.state().nodes().references(node) == 0;
                call.commit(transaction);
            }
            if (last ? files.close(holder.node()) : endsFlock && HostLocks.closeUnheld(share, holder)) {
                files.changed();
            }
        }
        return 0;
    }

    int interrupt(Call call) {
        synchronized (files) {
            files.interrupt(call.request.int64(InLayout.INTERRUPT_UNIQUE));
        }
        return Call.NO_REPLY;
    }
}
