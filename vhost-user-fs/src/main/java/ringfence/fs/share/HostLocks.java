package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.state.LockTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.LockFiles;
import ringfence.fs.tree.LockFiles.Holder;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Errno;
import ringfence.linux.OpenFlag;
import ringfence.linux.RangeCalls;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.Counters;

/**
 * The host's part of locks: an open file per holder, and the calls on it. Free of state; the caller holds the monitor of
 * {@link LockFiles}.
 */
final class HostLocks {
    private static final int PLAIN = OpenFlag.NONBLOCK.bits() | OpenFlag.NOCTTY.bits();

    private HostLocks() {}

    /**
     * Opens a node for a holder: for reading and writing if that may be, since an exclusive lock of fcntl(2) takes a file that
     * may be written.
     *
     * @return null: the call's {@code openError} says why
     */
    static OpenFile open(Call call, int slot) {
        Share share = call.share;
        OpenFile node = call.open(slot);
        if (node == null) {
            call.openError = -Errno.ESTALE.number();
            return null;
        }
        try {
            if (share.tree().locks().count() >= LockFiles.MOST
                    || !share.tree().budget().tryTake()) {
                return full(call);
            }
            long fd = share.options().readOnly()
                    ? Errors.EROFS
                    : call.self.tryOpen(node.fd(), OpenFlags.READ_WRITE | PLAIN);
            if (fd < 0) {
                fd = call.self.tryOpen(node.fd(), PLAIN);
            }
            if (fd < 0) {
                fd = call.self.tryOpen(node.fd(), OpenFlags.WRITE_ONLY | PLAIN);
            }
            if (fd < 0) {
                share.tree().budget().give();
                call.openError = (int) fd;
                return fd == -Errno.EMFILE.number() || fd == Errors.ENFILE ? full(call) : null;
            }
            return new OpenFile(share.linux().paths().own(fd), share.tree().budget());
        } finally {
            node.release();
        }
    }

    private static OpenFile full(Call call) {
        call.counters.add(FsCounter.FULL);
        call.openError = Errors.ENOLCK;
        return null;
    }

    /** Takes or drops a lock, without waiting. @return 0, minus EAGAIN where another one is in the way, or another errno */
    static int set(Call call, OpenFile file, boolean flock, int type, long start, long length) {
        RangeCalls ranges = call.share.linux().ranges();
        if (!flock) {
            return Errors.of(ranges.tryLock(file.fd(), call.scratch, type, start, length));
        }
        int operation = type == LockTable.UNLOCK
                ? RangeCalls.LOCK_UN
                : type == LockTable.READ ? RangeCalls.LOCK_SH : RangeCalls.LOCK_EX;
        return Errors.of(ranges.tryFlock(file.fd(), operation | RangeCalls.LOCK_NB));
    }

    /** Closes the file of a holder who holds nothing any more. @return whether it was so */
    static boolean closeUnheld(Share share, Holder holder) {
        return !share.state().locks().holds(holder.node(), holder.owner(), holder.flock())
                && share.tree().locks().close(holder);
    }

    /**
     * Takes the locks of a predecessor again, before any queue runs. One that is not to be had, because somebody on the host has
     * taken it meanwhile or its file is not found, is the guest's no longer.
     *
     * @return how many are lost
     */
    static int takeAgain(Share share) {
        LockTable locks = share.state().locks();
        if (locks.count() == 0) {
            return 0;
        }
        Call call =
                new Call(share, 0, new CounterSet<>(FsCounter.class, what -> what.type, Counters.hidden(), "locks", 0));
        int[] slots = new int[locks.count()];
        int[] count = {0};
        locks.forEach(slot -> slots[count[0]++] = slot);
        int lost = 0;
        synchronized (share.tree().locks()) {
            for (int slot : slots) {
                lost += takeAgain(call, slot) ? 0 : 1;
            }
        }
        return lost;
    }

    private static boolean takeAgain(Call call, int slot) {
        LockTable locks = call.share.state().locks();
        LockFiles files = call.share.tree().locks();
        int node = locks.node(slot);
        Holder holder = new Holder(locks.nodeId(slot), locks.owner(slot), locks.isFlock(slot));
        long start = locks.start(slot);
        long end = locks.end(slot);
        OpenFile file = files.find(holder);
        if (file == null && node != NodeTable.NONE) {
            file = open(call, node);
            if (file != null) {
                files.put(holder, file);
            }
        }
        long length = end == LockTable.END ? 0 : end - start + 1;
        if (file != null && set(call, file, holder.flock(), locks.type(slot), start, length) == 0) {
            return true;
        }
        try (var transaction = call.share.state().begin(call.queue)) {
            transaction.lock(node, holder.owner(), holder.flock(), start, end, LockTable.UNLOCK, 0);
            transaction.commit();
        }
        closeUnheld(call.share, holder);
        return false;
    }

    /** Whether a RELEASE says that flock(2)'s locks of the open file end with it. */
    static boolean endsFlock(int releaseFlags) {
        return (releaseFlags & FuseFlags.RELEASE_FLOCK_UNLOCK) != 0;
    }
}
