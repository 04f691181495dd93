/** The file system daemon: a shared folder, served from a process of its own. Nothing is in it yet. */
module ringfence.fs {
    requires ringfence.protocol;
}
