package ringfence.fs.state;

/**
 * How much a state can hold. Its file is sparse: what is not used takes no memory.
 *
 * @param nodes 2 to 2^24, the root among them
 * @param handles 1 to 2^24
 * @param queues 1 to 256
 */
public record Limits(int nodes, int handles, int queues) {
    private static final int MAX_SLOTS = 1 << 24;
    private static final int MAX_QUEUES = 256;

    /** @throws StateException if a number is out of its range */
    public Limits {
        check("nodes", nodes, 2, MAX_SLOTS);
        check("handles", handles, 1, MAX_SLOTS);
        check("queues", queues, 1, MAX_QUEUES);
    }

    /** What a daemon has that was told nothing: 2^20 nodes, 2^16 handles. */
    public static Limits forQueues(int queues) {
        return new Limits(1 << 20, 1 << 16, queues);
    }

    private static void check(String what, int value, int low, int high) {
        if (value < low || value > high) {
            throw new StateException(what + "=" + value + ", " + low + " to " + high + " are possible");
        }
    }
}
