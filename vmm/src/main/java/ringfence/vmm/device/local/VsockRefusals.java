package ringfence.vmm.device.local;

/** Pairs of ports of which the guest is to hear that nothing is there (VIRTIO_VSOCK_OP_RST), up to a bound. One owner thread. */
final class VsockRefusals {
    private final int[] hostPorts;
    private final int[] guestPorts;
    private int first;
    private int count;

    VsockRefusals(int capacity) {
        hostPorts = new int[capacity];
        guestPorts = new int[capacity];
    }

    int count() {
        return count;
    }

    /** Nothing happens where there is no room: the guest waits for nothing then. */
    void add(int hostPort, int guestPort) {
        if (count < hostPorts.length) {
            int at = (first + count++) % hostPorts.length;
            hostPorts[at] = hostPort;
            guestPorts[at] = guestPort;
        }
    }

    /** Lays out the packet of the first, which is gone then. There is one. */
    void next(VsockPacket packet, long guest, int op) {
        packet.begin(op, guest, hostPorts[first], guestPorts[first]);
        first = (first + 1) % hostPorts.length;
        count--;
    }

    void clear() {
        first = 0;
        count = 0;
    }
}
