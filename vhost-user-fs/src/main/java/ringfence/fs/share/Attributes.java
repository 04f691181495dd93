package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.FuseReply;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;
import ringfence.linux.Statx;

/** Lays out what the guest is told of a file. */
final class Attributes {
    private Attributes() {}

    /** A {@code struct fuse_attr} at {@code at}. */
    static void put(MemorySegment to, long at, Statx stat, Share share, boolean named) {
        ShareOptions options = share.options();
        int32(to, at + OutLayout.ATTR_MODE, stat.mode());
        int64(to, at + OutLayout.ATTR_INO, stat.inode());
        int64(to, at + OutLayout.ATTR_SIZE, stat.size());
        int64(to, at + OutLayout.ATTR_BLOCKS, stat.blocks());
        int64(to, at + OutLayout.ATTR_ATIME, stat.accessSeconds());
        int64(to, at + OutLayout.ATTR_MTIME, stat.modifySeconds());
        int64(to, at + OutLayout.ATTR_CTIME, stat.changeSeconds());
        int32(to, at + OutLayout.ATTR_ATIMENSEC, stat.accessNanos());
        int32(to, at + OutLayout.ATTR_MTIMENSEC, stat.modifyNanos());
        int32(to, at + OutLayout.ATTR_CTIMENSEC, stat.changeNanos());
        int32(to, at + OutLayout.ATTR_NLINK, stat.links());
        int32(to, at + OutLayout.ATTR_UID, options.users().toGuest(stat.user()));
        int32(to, at + OutLayout.ATTR_GID, options.groups().toGuest(stat.group()));
        int32(to, at + OutLayout.ATTR_RDEV, stat.deviceNumber());
        int32(to, at + OutLayout.ATTR_BLKSIZE, stat.blockSize());
        boolean submount = named
                && stat.isDirectory()
                && stat.isMountRoot()
                && share.features().has(InitFlags.SUBMOUNTS);
        int32(to, at + OutLayout.ATTR_FLAGS, submount ? FuseFlags.ATTR_SUBMOUNT : 0);
    }

    /** A {@code struct fuse_entry_out} at {@code at}. @param id of the node; it can be set later */
    static void entry(MemorySegment to, long at, long id, Statx stat, Share share) {
        long seconds = share.options().cache().seconds();
        int64(to, at + OutLayout.ENTRY_NODE, id);
        int64(to, at + OutLayout.ENTRY_GENERATION, 0);
        int64(to, at + OutLayout.ENTRY_VALID, seconds);
        int64(to, at + OutLayout.ENTRY_ATTR_VALID, seconds);
        int64(to, at + OutLayout.ENTRY_VALID_NSEC, 0);
        put(to, at + OutLayout.ENTRY_ATTR, stat, share, true);
    }

    /** The body of GETATTR and SETATTR: a {@code struct fuse_attr_out}. */
    static void reply(Call call, boolean isRoot) {
        call.reply.int64(OutLayout.ATTR_OUT_VALID, call.share.options().cache().seconds());
        call.reply.int64(OutLayout.ATTR_OUT_VALID_NSEC, 0); // and what fills up its word
        put(call.reply.memory(), OutLayout.HEADER + OutLayout.ATTR_OUT_ATTR, call.stat, call.share, !isRoot);
        call.reply.filled(OutLayout.ATTR_OUT);
    }

    /** The body of STATX: a {@code struct fuse_statx_out}. */
    static void extended(Call call) {
        Statx stat = call.stat;
        FuseReply reply = call.reply;
        ShareOptions options = call.share.options();
        reply.body(OutLayout.STATX);
        reply.int64(OutLayout.STATX_VALID, options.cache().seconds());
        reply.int32(OutLayout.STATX_MASK, Statx.STATX_BASIC_STATS | (stat.knowsBirth() ? Statx.STATX_BTIME : 0));
        reply.int32(OutLayout.STATX_BLKSIZE, stat.blockSize());
        reply.int32(OutLayout.STATX_NLINK, stat.links());
        reply.int32(OutLayout.STATX_UID, options.users().toGuest(stat.user()));
        reply.int32(OutLayout.STATX_GID, options.groups().toGuest(stat.group()));
        reply.int16(OutLayout.STATX_MODE, stat.mode());
        reply.int64(OutLayout.STATX_INO, stat.inode());
        reply.int64(OutLayout.STATX_SIZE, stat.size());
        reply.int64(OutLayout.STATX_BLOCKS, stat.blocks());
        time(reply, OutLayout.STATX_ATIME, stat.accessSeconds(), stat.accessNanos());
        time(reply, OutLayout.STATX_CTIME, stat.changeSeconds(), stat.changeNanos());
        time(reply, OutLayout.STATX_MTIME, stat.modifySeconds(), stat.modifyNanos());
        if (stat.knowsBirth()) {
            time(reply, OutLayout.STATX_BTIME, stat.bornSeconds(), stat.bornNanos());
        }
        int device = stat.deviceNumber();
        reply.int32(OutLayout.STATX_RDEV_MAJOR, device >>> 8 & 0xFFF);
        reply.int32(OutLayout.STATX_RDEV_MINOR, device & 0xFF | device >>> 12 & 0xFFF00);
    }

    private static void time(FuseReply reply, int at, long seconds, int nanos) {
        reply.int64(at, seconds);
        reply.int32(at + 8, nanos);
    }

    private static void int32(MemorySegment to, long at, int value) {
        to.set(ValueLayout.JAVA_INT, at, value);
    }

    private static void int64(MemorySegment to, long at, long value) {
        to.set(ValueLayout.JAVA_LONG, at, value);
    }
}
