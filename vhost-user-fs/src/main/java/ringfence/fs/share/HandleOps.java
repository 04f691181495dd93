package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Fd;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;

/** Open files: OPEN, RELEASE, FLUSH, FSYNC, and the same for directories. */
final class HandleOps {
    private final Share share;

    HandleOps(Share share) {
        this.share = share;
    }

    int open(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int flags = call.request.int32(InLayout.OPEN_FLAGS);
        if (share.options().readOnly() && OpenFlags.writes(flags)) {
            return Errors.EROFS;
        }
        int type = share.state().nodes().mode(call.slot) & Statx.S_IFMT;
        if (type != Statx.S_IFREG) {
            return type == Statx.S_IFDIR ? Errors.EISDIR : type == Statx.S_IFLNK ? Errors.ELOOP : Errors.ENXIO;
        }
        boolean kill = (call.request.int32(InLayout.OPEN_MORE) & FuseFlags.OPEN_KILL_SUIDGID) != 0;
        OpenFile file = open(call, call.node().fd(), flags, kill);
        return file == null ? call.openError : publish(call, file, flags, false);
    }

    /**
     * Opens a regular file in earnest.
     *
     * @return null: the call's {@code openError} says why
     */
    OpenFile open(Call call, Fd node, int flags, boolean kill) {
        int host = OpenFlags.host(
                flags, share.options().directIo(), share.features().has(InitFlags.WRITEBACK_CACHE));
        if (!share.tree().budget().tryTake()) {
            call.openError = Errors.ENFILE;
            call.counters.add(FsCounter.FULL);
            return null;
        }
        boolean cuts = kill && (host & OpenFlag.TRUNC.bits()) != 0;
        long fd = cuts ? truncated(call, node, host) : call.self.tryOpen(node, host);
        return own(call, fd);
    }

    /** Opened with our privileges, cut without them. */
    private long truncated(Call call, Fd node, int host) {
        long fd = call.self.tryOpen(node, host & ~OpenFlag.TRUNC.bits());
        if (fd < 0) {
            return fd;
        }
        Fd file = share.linux().paths().own(fd);
        call.caller.writeAsNobody();
        long result = share.linux().attributes().tryTruncate(file, 0);
        call.caller.leave();
        if (result < 0) {
            file.close();
            return result;
        }
        return file.release();
    }

    /** @param fd from a call that opens; the budget has been asked */
    OpenFile own(Call call, long fd) {
        if (fd < 0) {
            share.tree().budget().give();
            call.openError = (int) fd;
            return null;
        }
        return new OpenFile(share.linux().paths().own(fd), share.tree().budget());
    }

    int openDirectory(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        if ((share.state().nodes().mode(call.slot) & Statx.S_IFMT) != Statx.S_IFDIR) {
            return Errors.ENOTDIR;
        }
        if (!share.tree().budget().tryTake()) {
            call.counters.add(FsCounter.FULL);
            return Errors.ENFILE;
        }
        OpenFile file = own(call, call.self.tryOpen(call.node().fd(), OpenFlag.DIRECTORY.bits()));
        return file == null ? call.openError : publish(call, file, 0, true);
    }

    /** Makes a handle of an open file, which is owned from now on, and lays out the reply. */
    private int publish(Call call, OpenFile file, int flags, boolean directory) {
        boolean taken = false;
        try (Transaction transaction = share.state().begin(call.queue)) {
            int slot = transaction.open(call.slot, flags, directory);
            if (slot == HandleTable.NONE) {
                call.counters.add(FsCounter.FULL);
                return Errors.ENFILE;
            }
            share.tree().handles().put(slot, file);
            taken = true;
            call.reply.body(OutLayout.OPEN);
            reply(call, 0, slot, flags, directory);
            call.commit(transaction);
            return 0;
        } finally {
            if (!taken) {
                file.release();
            }
        }
    }

    /** Lays out a {@code struct fuse_open_out}. @param at where in the body */
    void reply(Call call, int at, int handle, int flags, boolean directory) {
        CachePolicy cache = share.options().cache();
        int open = directory ? cache.directory() : cache.file();
        if (!directory && share.options().directIo() && (flags & OpenFlag.DIRECT.bits()) != 0) {
            open |= FuseFlags.FOPEN_DIRECT_IO;
        }
        call.reply.int64(at + OutLayout.OPEN_FH, share.state().handles().id(handle));
        call.reply.int32(at + OutLayout.OPEN_FLAGS, open);
    }

    int release(Call call) {
        Lent.end(call, call.request.int64(InLayout.FH));
        try (Transaction transaction = share.state().begin(call.queue)) {
            int slot = share.state().handles().slot(call.request.int64(InLayout.FH));
            if (slot == HandleTable.NONE) {
                return Errors.EBADF;
            }
            transaction.release(slot);
            call.commit(transaction);
        }
        return 0;
    }

    /** Somebody closes the file: what the host's file system says to that, a network's for one, is for the guest. */
    int flush(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        if ((share.state().handles().flags(call.handleSlot) & OpenFlags.ACCESS) == 0) {
            return 0;
        }
        return Errors.of(share.linux().files().tryCloseDuplicate(call.handle().fd()));
    }

    int sync(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        boolean data = (call.request.int32(InLayout.FSYNC_FLAGS) & FuseFlags.FSYNC_FDATASYNC) != 0;
        Fd file = call.handle().fd();
        return Errors.of(
                data
                        ? share.linux().files().tryDataSync(file)
                        : share.linux().files().trySync(file));
    }
}
