package ringfence.it.fuse;

/**
 * struct fuse_attr.
 *
 * @param mode type and permissions
 * @param mtimeNanos nanoseconds since the epoch
 * @param flags 1: something is mounted there
 */
public record Attr(
        long inode,
        long size,
        long blocks,
        long atimeNanos,
        long mtimeNanos,
        long ctimeNanos,
        int mode,
        int links,
        int uid,
        int gid,
        int device,
        int flags) {

    static final int SIZE = 88;
    private static final long SECOND = 1_000_000_000L;

    static Attr at(FuseReply reply, int offset) {
        return new Attr(
                reply.u64(offset),
                reply.u64(offset + 8),
                reply.u64(offset + 16),
                reply.u64(offset + 24) * SECOND + reply.u32(offset + 48),
                reply.u64(offset + 32) * SECOND + reply.u32(offset + 52),
                reply.u64(offset + 40) * SECOND + reply.u32(offset + 56),
                reply.u32(offset + 60),
                reply.u32(offset + 64),
                reply.u32(offset + 68),
                reply.u32(offset + 72),
                reply.u32(offset + 76),
                reply.u32(offset + 84));
    }

    /** The type, as in the mode. */
    public int type() {
        return mode & 0xF000;
    }

    /** Permissions with set-id and sticky bits. */
    public int permissions() {
        return mode & 0xFFF;
    }
}
