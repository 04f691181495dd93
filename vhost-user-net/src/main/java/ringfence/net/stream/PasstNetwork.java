package ringfence.net.stream;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.net.engine.FrameReceiver;
import ringfence.net.engine.FrameTransmitter;
import ringfence.net.engine.NetFeatures;
import ringfence.net.engine.Network;
import ringfence.net.engine.QueueCounters;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.NetLayout;

/** A connection to passt, for one pair of queues. Owns the socket, which is closed when both queues have stopped. */
public final class PasstNetwork implements Network, AutoCloseable {
    /** Bytes before a frame: its length, big-endian. */
    static final int LENGTH = 4;
    /** An Ethernet header. */
    static final int SHORTEST = 14;
    /** The largest IP packet behind an Ethernet header with a VLAN's tag. */
    static final int LONGEST = 65_535 + 18;

    private static final long OFFLOADS = NetLayout.F_CSUM
            | NetLayout.F_GUEST_CSUM
            | NetLayout.F_GUEST_TSO4
            | NetLayout.F_GUEST_TSO6
            | NetLayout.F_GUEST_ECN
            | NetLayout.F_HOST_TSO4
            | NetLayout.F_HOST_TSO6
            | NetLayout.F_HOST_ECN;

    private final Linux linux;
    private final Fd socket;
    private final OptionalInt mtu;
    private final Consumer<String> onLoss;
    private final AtomicBoolean lost = new AtomicBoolean();
    private final StreamReceiver.Buffer buffer = new StreamReceiver.Buffer();

    private PasstNetwork(Linux linux, Fd socket, OptionalInt mtu, Consumer<String> onLoss) {
        this.linux = linux;
        this.socket = socket;
        this.mtu = mtu;
        this.onLoss = onLoss;
    }

    /**
     * Connects.
     *
     * @param path passt's socket
     * @param mtu that the guest is told, bytes; empty: passt tells it by DHCP
     * @param onLoss told once, on a queue's thread, why the connection is gone; it must not wait
     * @throws IllegalArgumentException with one line for the user
     */
    public static PasstNetwork connect(Linux linux, String path, OptionalInt mtu, Consumer<String> onLoss) {
        try {
            Fd socket = linux.sockets().connect(path);
            linux.files().nonBlocking(socket, true);
            return new PasstNetwork(linux, socket, mtu, onLoss);
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    "--backend=passt=" + path + ": " + reason(e.errno()) + ", start it by 'passt --socket " + path
                            + "'",
                    e);
        }
    }

    /**
     * Takes a connected socket that we were started with.
     *
     * @throws IllegalArgumentException with one line for the user
     */
    public static PasstNetwork adopt(Linux linux, int number, OptionalInt mtu, Consumer<String> onLoss) {
        try {
            Fd socket = linux.files().duplicate(number);
            if (!linux.sockets().isUnixSocket(socket) || linux.sockets().isListener(socket)) {
                socket.close();
                throw new IllegalArgumentException(
                        "--backend=passt=fd=" + number + ": no connected Unix socket, check how we were started");
            }
            linux.files().nonBlocking(socket, true);
            return new PasstNetwork(linux, socket, mtu, onLoss);
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    "--backend=passt=fd=" + number + ": no open descriptor, check how we were started", e);
        }
    }

    private static String reason(Errno errno) {
        return switch (errno) {
            case ENOENT, ECONNREFUSED -> "no passt listens there";
            default -> errno.text();
        };
    }

    /** The connection is of no use any more. Any thread, as often as it likes. */
    void lost(String reason) {
        if (lost.compareAndSet(false, true)) {
            onLoss.accept("passt: " + reason);
        }
    }

    /** The same, for what a system call says. */
    void lost(Errno errno) {
        lost(errno == Errno.EPIPE || errno == Errno.ECONNRESET ? "it has ended" : errno.text());
    }

    boolean isLost() {
        return lost.get();
    }

    Fd socket() {
        return socket;
    }

    Linux linux() {
        return linux;
    }

    @Override
    public int pairs() {
        return 1;
    }

    @Override
    public OptionalInt mtu() {
        return mtu;
    }

    @Override
    public boolean uso() {
        return false;
    }

    @Override
    public long withheld() {
        return OFFLOADS;
    }

    /** What was read and not yet delivered stays for the next receiver: the stream goes on where it was. */
    @Override
    public FrameReceiver receiver(int pair, NetFeatures accepted, QueueCounters counters) {
        return new StreamReceiver(this, buffer, accepted, counters);
    }

    @Override
    public QueueEngine transmitter(int pair, NetFeatures accepted, QueueCounters counters) {
        return new FrameTransmitter(accepted.rules(), new StreamSink(this), counters);
    }

    @Override
    public void close() {
        socket.close();
    }
}
