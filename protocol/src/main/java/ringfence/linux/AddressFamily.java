package ringfence.linux;

/** Kinds of sockets ({@code AF_} of sys/socket.h). */
public enum AddressFamily {
    UNIX(1),
    INET(2),
    INET6(10),
    NETLINK(16),
    PACKET(17),
    VSOCK(40);

    private final int number;

    AddressFamily(int number) {
        this.number = number;
    }

    /** As socket(2) takes it. */
    public int number() {
        return number;
    }
}
