/** The block device daemon. */
module ringfence.blk {
    requires info.picocli;
    requires ringfence.protocol;

    exports ringfence.blk.cli;
    exports ringfence.blk.engine;
    exports ringfence.blk.image;
    exports ringfence.blk.request;
}
