package ringfence.it.fuse;

/**
 * struct fuse_entry_out: a node that a name has led to, counted once more.
 *
 * @param node 0: there is none, and that may be kept
 * @param entryMillis how long the name may be kept
 * @param attrMillis how long the attributes may be kept
 */
public record Entry(long node, long generation, long entryMillis, long attrMillis, Attr attr) {
    /** Bytes of it. */
    public static final int SIZE = 128;

    private static final int NANOS_PER_MILLI = 1_000_000;

    static Entry at(FuseReply reply, int offset) {
        return new Entry(
                reply.u64(offset),
                reply.u64(offset + 8),
                reply.u64(offset + 16) * 1000 + reply.u32(offset + 32) / NANOS_PER_MILLI,
                reply.u64(offset + 24) * 1000 + reply.u32(offset + 36) / NANOS_PER_MILLI,
                Attr.at(reply, offset + 40));
    }
}
