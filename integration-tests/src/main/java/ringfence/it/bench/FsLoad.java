package ringfence.it.bench;

/**
 * One kind of load on a file system.
 *
 * @param depth requests under way, over all queues
 * @param queues of requests, at most; a daemon with fewer is driven with those it has
 * @param polling the front-end looks at the used ring in place of waiting for the call eventfd
 */
record FsLoad(FsOperation operation, int depth, int queues, boolean polling) {
    String title() {
        return operation.label() + ", depth " + depth + ", " + queues + (queues == 1 ? " queue, " : " queues, ")
                + (polling ? "polling" : "eventfd");
    }
}
