/** The file system daemon: a shared folder, served from a process of its own. */
module ringfence.fs {
    requires ringfence.protocol;

    exports ringfence.fs.keep;
    exports ringfence.fs.state;
}
