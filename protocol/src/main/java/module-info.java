/** What the VMM and the device daemons share: Linux, guest memory, virtqueues, vhost-user. */
module ringfence.protocol {
    requires org.agrona;
    requires info.picocli;
    requires org.apache.logging.log4j;

    exports ringfence.journal;
    exports ringfence.keep;
    exports ringfence.limit;
    exports ringfence.linux;
    exports ringfence.linux.uring;
    exports ringfence.memory;
    exports ringfence.option;
    exports ringfence.process;
    exports ringfence.sandbox;
    exports ringfence.telemetry;
    exports ringfence.vhostuser;
    exports ringfence.vhostuser.link;
    exports ringfence.virtio;
    exports ringfence.virtio.queue;
}
