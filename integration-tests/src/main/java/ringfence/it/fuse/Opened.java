package ringfence.it.fuse;

/**
 * struct fuse_open_out.
 *
 * @param flags FOPEN_*
 */
public record Opened(long handle, int flags) {
    /** Bytes of it. */
    public static final int SIZE = 16;

    static Opened at(FuseReply reply, int offset) {
        return new Opened(reply.u64(offset), reply.u32(offset + 8));
    }
}
