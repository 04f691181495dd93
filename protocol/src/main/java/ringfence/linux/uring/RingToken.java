package ringfence.linux.uring;

/**
 * What comes back with a completion: slot, generation and operation in one long, so that a request needs no object and
 * a stale completion is told from a fresh one of the same slot.
 *
 * <pre>
 *  63      56 55                32 31                               0
 * +----------+--------------------+----------------------------------+
 * |    op    |     generation     |               slot               |
 * +----------+--------------------+----------------------------------+
 * </pre>
 */
public final class RingToken {
    private static final int GENERATION_BITS = 24;

    private RingToken() {}

    /**
     * Packs one.
     *
     * @param slot any 32 bits
     * @param generation its lowest 24 bits count
     * @param op 0 to 255, the caller's own kind of request
     */
    public static long pack(int slot, int generation, int op) {
        return (long) (op & 0xFF) << 56 | (generation & 0xFFFFFFL) << 32 | slot & 0xFFFFFFFFL;
    }

    /** The slot. */
    public static int slot(long token) {
        return (int) token;
    }

    /** The generation, 24 bits. */
    public static int generation(long token) {
        return (int) (token >>> 32) & (1 << GENERATION_BITS) - 1;
    }

    /** The kind of request, 0 to 255. */
    public static int op(long token) {
        return (int) (token >>> 56);
    }
}
