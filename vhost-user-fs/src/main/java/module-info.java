/** The file system daemon: a shared folder, served from a process of its own. */
module ringfence.fs {
    requires info.picocli;
    requires org.agrona;
    requires ringfence.protocol;

    exports ringfence.fs.cli;
    exports ringfence.fs.fuse;
    exports ringfence.fs.share;
    exports ringfence.fs.state;
    exports ringfence.fs.tree;
}
