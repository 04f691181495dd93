/** The network daemon: a virtio network device in a process of its own. */
module ringfence.net {
    requires info.picocli;
    requires org.agrona;
    requires ringfence.protocol;

    exports ringfence.net.backend;
    exports ringfence.net.cli;
    exports ringfence.net.engine;
    exports ringfence.net.fabric;
    exports ringfence.net.packet;
    exports ringfence.net.stream;
}
