package ringfence.it.bench;

/** Who passes frames from one port to the other. */
enum NetContender {
    /** Our daemon's switch. */
    RINGFENCE("ringfence"),
    /** DPDK's testpmd with two ports of {@code net_vhost}, which looks all the time. */
    DPDK("dpdk net_vhost");

    private final String label;

    NetContender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
