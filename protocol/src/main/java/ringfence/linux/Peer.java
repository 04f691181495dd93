package ringfence.linux;

/**
 * Who made the other end of a Unix socket, as of connect(2), listen(2) or socketpair(2) (SO_PEERCRED).
 *
 * @param pid 0 if it is outside our pid namespace
 */
public record Peer(int pid, int user, int group) {}
