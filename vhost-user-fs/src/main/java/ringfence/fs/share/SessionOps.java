package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;

/** INIT and DESTROY: a session begins and ends. */
final class SessionOps {
    private static final int MAX_PAGES = 256;
    private static final int PAGE = 4096;
    private static final int BACKGROUND = 0xFFFF;
    private static final int HEADER_WITH_FLAGS2 = InLayout.INIT_FLAGS2 + 4;

    private final Share share;

    SessionOps(Share share) {
        this.share = share;
    }

    /**
     * Everything of a session before is void: the guest has a new mount. Not logged: the log is that of a session, and what a
     * successor does again begins one more.
     */
    int init(Call call) {
        int major = call.request.int32(InLayout.INIT_MAJOR);
        int minor = call.request.int32(InLayout.INIT_MINOR);
        if (major < FuseFlags.MAJOR || major == FuseFlags.MAJOR && minor < FuseFlags.MIN_MINOR) {
            return Errors.EPROTO;
        }
        call.reply.body(OutLayout.INIT);
        call.reply.int32(OutLayout.INIT_MAJOR, FuseFlags.MAJOR);
        if (major > FuseFlags.MAJOR) {
            return 0; // it asks again, with our major version
        }
        int spoken = Math.min(minor, FuseFlags.MAX_MINOR);
        long flags = offered() & guestFlags(call);
        synchronized (share.tree().locks()) {
            share.state().beginSession(spoken, flags, MAX_PAGES * PAGE);
            share.tree().locks().clear();
        }
        share.features().set(share.state().session());
        call.reply.int32(OutLayout.INIT_MINOR, spoken);
        call.reply.int32(OutLayout.INIT_READAHEAD, call.request.int32(InLayout.INIT_READAHEAD));
        call.reply.int32(OutLayout.INIT_FLAGS, (int) flags);
        call.reply.int32(OutLayout.INIT_FLAGS2, (int) (flags >>> 32));
        call.reply.int16(OutLayout.INIT_BACKGROUND, BACKGROUND);
        call.reply.int16(OutLayout.INIT_CONGESTION, BACKGROUND / 4 * 3);
        call.reply.int32(OutLayout.INIT_MAX_WRITE, MAX_PAGES * PAGE);
        call.reply.int32(OutLayout.INIT_TIME_GRAN, 1);
        call.reply.int16(OutLayout.INIT_MAX_PAGES, MAX_PAGES);
        share.tree().releaseFreed();
        return 0;
    }

    private static long guestFlags(Call call) {
        long low = Integer.toUnsignedLong(call.request.int32(InLayout.INIT_FLAGS));
        boolean extended = (low & InitFlags.INIT_EXT) != 0 && call.request.end() >= HEADER_WITH_FLAGS2;
        return extended ? low | (long) call.request.int32(InLayout.INIT_FLAGS2) << 32 : low & ~InitFlags.INIT_EXT;
    }

    private long offered() {
        ShareOptions options = share.options();
        long flags = InitFlags.ASYNC_READ
                | InitFlags.BIG_WRITES
                | InitFlags.AUTO_INVAL_DATA
                | InitFlags.DO_READDIRPLUS
                | InitFlags.READDIRPLUS_AUTO
                | InitFlags.PARALLEL_DIROPS
                | InitFlags.ASYNC_DIO
                | InitFlags.MAX_PAGES
                | InitFlags.SETXATTR_EXT
                | InitFlags.INIT_EXT
                | InitFlags.CREATE_SUPP_GROUP;
        flags |= options.posixAcl() ? InitFlags.POSIX_ACL | InitFlags.DONT_MASK : 0;
        flags |= options.submounts() ? InitFlags.SUBMOUNTS : 0;
        flags |= options.writeback() ? InitFlags.WRITEBACK_CACHE : 0;
        flags |= options.killPriv() ? InitFlags.HANDLE_KILLPRIV_V2 : 0;
        flags |= options.mmap() ? InitFlags.DIRECT_IO_ALLOW_MMAP : 0;
        flags |= options.flock() ? InitFlags.FLOCK_LOCKS : 0;
        flags |= options.posixLock() ? InitFlags.POSIX_LOCKS : 0;
        flags |= options.cache() == CachePolicy.ALWAYS ? InitFlags.CACHE_SYMLINKS : 0;
        return flags;
    }

    int destroy() {
        end(share);
        return 0;
    }

    /** The guest's mount is gone, or the guest is. */
    static void end(Share share) {
        synchronized (share.tree().locks()) {
            share.state().endSession();
            share.tree().locks().clear();
        }
        share.features().set(share.state().session());
        share.tree().releaseFreed();
    }
}
