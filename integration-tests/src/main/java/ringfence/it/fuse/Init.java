package ringfence.it.fuse;

/**
 * struct fuse_init_out.
 *
 * @param flags of both words
 */
public record Init(int major, int minor, long flags, int maxWrite, int maxPages) {
    /** The protocol's minor that Linux 6.12 speaks. */
    public static final int MINOR = 41;

    public static final int POSIX_LOCKS = 1 << 1;
    public static final int DONT_MASK = 1 << 6;
    public static final int FLOCK_LOCKS = 1 << 10;
    public static final int READDIRPLUS = 1 << 13;
    public static final int WRITEBACK_CACHE = 1 << 16;
    public static final int POSIX_ACL = 1 << 20;
    public static final int MAP_ALIGNMENT = 1 << 26;
    public static final int SUBMOUNTS = 1 << 27;
    public static final int HANDLE_KILLPRIV_V2 = 1 << 28;
    public static final int SETXATTR_EXT = 1 << 29;
    public static final int INIT_EXT = 1 << 30;

    /** Of the second word. */
    public static final long CREATE_SUPP_GROUP = 1L << 34;

    public static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;

    static Init at(FuseReply reply) {
        reply.atLeast(24);
        long flags = Integer.toUnsignedLong(reply.u32(12));
        boolean more = reply.length() >= 64 && (flags & INIT_EXT) != 0;
        return new Init(
                reply.u32(0),
                reply.u32(4),
                flags | (more ? (long) reply.u32(32) << 32 : 0),
                reply.u32(20),
                reply.length() >= 32 ? reply.u32(28) & 0xFFFF : 32);
    }

    /** Whether a flag is set. */
    public boolean has(long flag) {
        return (flags & flag) != 0;
    }
}
