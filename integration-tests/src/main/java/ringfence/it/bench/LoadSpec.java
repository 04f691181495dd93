package ringfence.it.bench;

/**
 * One kind of load.
 *
 * @param write random writes instead of random reads, 4 KiB each
 * @param depth requests under way, over all queues
 * @param queues number of queues
 * @param polling the front-end looks at the used ring in place of waiting for the call eventfd
 */
record LoadSpec(boolean write, int depth, int queues, boolean polling) {
    /** Bytes of a request. */
    static final int BLOCK = 4096;

    String title() {
        return (write ? "write" : "read") + " depth " + depth + ", " + queues + (queues == 1 ? " queue, " : " queues, ")
                + (polling ? "polling" : "eventfd");
    }
}
