/** The network daemon: a virtio network device in a process of its own. Nothing is in it yet. */
module ringfence.net {
    requires ringfence.protocol;
}
