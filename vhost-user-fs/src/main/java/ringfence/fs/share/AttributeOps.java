package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.AttributeCalls;
import ringfence.linux.Fd;
import ringfence.linux.OpenFlag;
import ringfence.linux.StatFsField;
import ringfence.linux.Statx;
import ringfence.linux.TimePair;

/** What files tell of themselves: GETATTR, SETATTR, ACCESS, STATFS, SYNCFS. */
final class AttributeOps {
    private static final int KEEP = -1;
    private static final int OWNERS = FuseFlags.FATTR_UID | FuseFlags.FATTR_GID;
    private static final int TIMES = FuseFlags.FATTR_ATIME | FuseFlags.FATTR_MTIME;
    private static final int CHANGES = FuseFlags.FATTR_MODE | OWNERS | FuseFlags.FATTR_SIZE | TIMES;

    private final Share share;

    AttributeOps(Share share) {
        this.share = share;
    }

    int get(Call call) {
        int found = call.useNode();
        return found < 0 ? found : reply(call);
    }

    /** A file that is no directory is no mount's root that the guest would be told of. */
    private int reply(Call call) {
        boolean folder = (share.state().nodes().mode(call.slot) & Statx.S_IFMT) == Statx.S_IFDIR;
        AttributeCalls calls = share.linux().attributes();
        long result = folder
                ? calls.tryStat(call.node().fd(), call.stat)
                : calls.tryStatBriefly(call.node().fd(), call.stat);
        if (result < 0) {
            return (int) result;
        }
        Attributes.reply(call, call.slot == NodeTable.ROOT);
        return 0;
    }

    /** STATX: what GETATTR tells, and the time of birth. */
    int extended(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        long result = share.linux().attributes().tryStat(call.node().fd(), call.stat);
        if (result < 0) {
            return (int) result;
        }
        Attributes.extended(call);
        return 0;
    }

    int set(Call call, TimePair times) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int valid = call.request.int32(InLayout.SETATTR_VALID);
        if ((valid & FuseFlags.FATTR_FH) != 0) {
            found = call.useHandle(call.request.int64(InLayout.SETATTR_FH));
            if (found < 0) {
                return found;
            }
            if (share.state().handles().node(call.handleSlot) != call.slot) {
                return Errors.EBADF;
            }
        }
        long result = 0;
        if ((valid & FuseFlags.FATTR_MODE) != 0) {
            result = call.self.tryMode(call.node().fd(), call.request.int32(InLayout.SETATTR_MODE) & 07777);
        }
        // with nothing to change it is chown(-1, -1): the change's time is now, and a program's set-ID bits go
        if (result >= 0 && ((valid & OWNERS) != 0 || (valid & CHANGES) == 0)) {
            result = owner(call, valid);
        }
        if (result >= 0 && (valid & FuseFlags.FATTR_SIZE) != 0) {
            result = size(call, (valid & FuseFlags.FATTR_KILL_SUIDGID) != 0);
        }
        if (result >= 0 && (valid & TIMES) != 0) {
            result = times(call, valid, times);
        }
        return result < 0 ? (int) result : reply(call);
    }

    private long owner(Call call, int valid) {
        long user = (valid & FuseFlags.FATTR_UID) == 0
                ? KEEP
                : share.options().users().toHost(call.request.int32(InLayout.SETATTR_UID));
        long group = (valid & FuseFlags.FATTR_GID) == 0
                ? KEEP
                : share.options().groups().toHost(call.request.int32(InLayout.SETATTR_GID));
        if ((valid & FuseFlags.FATTR_UID) != 0 && user == IdMap.FORBIDDEN
                || (valid & FuseFlags.FATTR_GID) != 0 && group == IdMap.FORBIDDEN) {
            return Errors.EPERM;
        }
        return share.linux().attributes().tryOwner(call.node().fd(), (int) user, (int) group);
    }

    /** Through the guest's handle, if it names one; otherwise the file is opened for it. */
    private long size(Call call, boolean kill) {
        long size = call.request.int64(InLayout.SETATTR_SIZE);
        if (call.handle() != null) {
            return truncate(call, call.handle().fd(), size, kill);
        }
        int type = share.state().nodes().mode(call.slot) & Statx.S_IFMT;
        if (type != Statx.S_IFREG) {
            return type == Statx.S_IFDIR ? Errors.EISDIR : Errors.EINVAL;
        }
        if (!share.tree().budget().tryTake()) {
            call.counters.add(FsCounter.FULL);
            return Errors.ENFILE;
        }
        long fd = call.self.tryOpen(call.node().fd(), OpenFlag.WRONLY.bits() | OpenFlag.NONBLOCK.bits());
        if (fd < 0) {
            share.tree().budget().give();
            return fd;
        }
        OpenFile file = new OpenFile(share.linux().paths().own(fd), share.tree().budget());
        long result = truncate(call, file.fd(), size, kill);
        file.release();
        return result;
    }

    private long truncate(Call call, Fd file, long size, boolean kill) {
        if (kill) {
            call.caller.writeAsNobody();
        }
        long result = share.linux().attributes().tryTruncate(file, size);
        call.caller.leave();
        return result;
    }

    private static long times(Call call, int valid, TimePair times) {
        times.access(
                call.request.int64(InLayout.SETATTR_ATIME),
                nanos(call, valid, FuseFlags.FATTR_ATIME, FuseFlags.FATTR_ATIME_NOW, InLayout.SETATTR_ATIMENSEC));
        times.modify(
                call.request.int64(InLayout.SETATTR_MTIME),
                nanos(call, valid, FuseFlags.FATTR_MTIME, FuseFlags.FATTR_MTIME_NOW, InLayout.SETATTR_MTIMENSEC));
        return call.self.tryTimes(call.node().fd(), times);
    }

    private static int nanos(Call call, int valid, int given, int now, int at) {
        if ((valid & given) == 0) {
            return TimePair.UTIME_OMIT;
        }
        if ((valid & now) != 0) {
            return TimePair.UTIME_NOW;
        }
        int nanos = call.request.int32(at);
        return nanos >= 0 && nanos < 1_000_000_000 ? nanos : KEEP; // EINVAL
    }

    /** By the permission bits; a guest that mounts as Linux does asks itself and not us. */
    int access(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        long result = share.linux().attributes().tryStat(call.node().fd(), call.stat);
        if (result < 0) {
            return (int) result;
        }
        int mask = call.request.int32(InLayout.ACCESS_MASK) & 7;
        if ((mask & 2) != 0 && share.options().readOnly()) {
            return Errors.EROFS;
        }
        int mode = call.stat.mode();
        if (call.request.user() == 0) {
            return (mask & 1) == 0 || call.stat.isDirectory() || (mode & 0111) != 0 ? 0 : Errors.EACCES;
        }
        boolean owns = share.options().users().toGuest(call.stat.user()) == call.request.user();
        boolean belongs = share.options().groups().toGuest(call.stat.group()) == call.request.group();
        int granted = owns ? mode >> 6 : belongs ? mode >> 3 : mode;
        return (mask & ~granted) == 0 ? 0 : Errors.EACCES;
    }

    int fileSystem(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        long result = share.linux().attributes().tryStatFs(call.node().fd(), call.scratch);
        if (result < 0) {
            return (int) result;
        }
        call.reply.body(OutLayout.STATFS);
        call.reply.int64(OutLayout.STATFS_BLOCKS, AttributeCalls.statFs(call.scratch, StatFsField.BLOCKS));
        call.reply.int64(OutLayout.STATFS_BFREE, AttributeCalls.statFs(call.scratch, StatFsField.BFREE));
        call.reply.int64(OutLayout.STATFS_BAVAIL, AttributeCalls.statFs(call.scratch, StatFsField.BAVAIL));
        call.reply.int64(OutLayout.STATFS_FILES, AttributeCalls.statFs(call.scratch, StatFsField.FILES));
        call.reply.int64(OutLayout.STATFS_FFREE, AttributeCalls.statFs(call.scratch, StatFsField.FFREE));
        call.reply.int32(OutLayout.STATFS_BSIZE, (int) AttributeCalls.statFs(call.scratch, StatFsField.BSIZE));
        call.reply.int32(OutLayout.STATFS_NAMELEN, (int) AttributeCalls.statFs(call.scratch, StatFsField.NAMELEN));
        call.reply.int32(OutLayout.STATFS_FRSIZE, (int) AttributeCalls.statFs(call.scratch, StatFsField.FRSIZE));
        return 0;
    }

    /** Through a descriptor that is open in earnest: a node's will not do. */
    int syncFileSystem(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        long fd = call.self.tryOpen(call.node().fd(), OpenFlag.NONBLOCK.bits());
        if (fd < 0) {
            return (int) fd;
        }
        try (Fd file = share.linux().paths().own(fd)) {
            return Errors.of(share.linux().ranges().trySyncFileSystem(file));
        }
    }
}
