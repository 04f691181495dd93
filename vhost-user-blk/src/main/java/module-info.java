/** The block device daemon. */
module ringfence.blk {
    requires ringfence.protocol;

    exports ringfence.blk.engine;
    exports ringfence.blk.image;
    exports ringfence.blk.request;
}
