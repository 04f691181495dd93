package ringfence.it.fuse;

/**
 * How a guest is laid out.
 *
 * @param queues of requests, beside the one of high priority
 * @param slots requests under way in each queue
 * @param data bytes of data that a slot has room for, a multiple of 4096
 * @param queueSize descriptors
 * @param polling the front-end looks, no interrupt is wanted
 */
public record FuseShape(int queues, int slots, int data, int queueSize, boolean polling) {
    /** For tests: one queue, one megabyte, interrupts. */
    public static FuseShape one() {
        return new FuseShape(1, 1, 1 << 20, 1024, false);
    }
}
