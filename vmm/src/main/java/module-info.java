/** The virtual machine monitor: KVM, the machine's own devices, and the front-ends of those that live in daemons. */
module ringfence.vmm {
    requires info.picocli;
    requires org.agrona;
    requires org.newsclub.net.unix;
    requires ringfence.protocol;

    exports ringfence.vmm.bus;
    exports ringfence.vmm.config;
    exports ringfence.vmm.device;
    exports ringfence.vmm.device.remote;
    exports ringfence.vmm.legacy;
    exports ringfence.vmm.pci;
    exports ringfence.vmm.transport;
}
