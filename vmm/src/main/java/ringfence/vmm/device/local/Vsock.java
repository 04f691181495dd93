package ringfence.vmm.device.local;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Long2ObjectHashMap;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.linux.Linux;
import ringfence.linux.Timer;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.VsockLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The socket device (virtio 1.3, 5.10), whose other end are Unix sockets of the host's. A program there connects to the
 * device's path, writes {@code CONNECT PORT}, and after {@code OK PORT} speaks with whoever listens on that port in the
 * guest. What the guest connects to is the socket at the path, {@code _} and the port's number.
 *
 * <p>Data goes straight between a socket and the guest's buffers. What the host does not take waits here, 64 KiB a
 * connection, and the guest is told to wait (5.10.6.3); there are at most {@value #STREAMS} connections.
 */
public final class Vsock extends LocalDevice {
    /** Most connections, those on their way included. */
    static final int STREAMS = 1023;

    private static final int QUEUE_SIZE = 256;
    /** Refusals that may wait for the guest to read them before nothing more is taken from it. */
    private static final int REFUSALS = 256;

    private static final int FIRST_PORT = 1 << 30;
    private static final long LISTENER = VsockLayout.QUEUES;
    private static final long TIMER = LISTENER + 1;
    private static final long FIRST_STREAM = TIMER + 1;

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** What a program of the host's gets to say which port it wants. */
    private static final long LINE = 10 * SECOND;
    /** What the guest gets to accept a connection, and to end one. */
    private static final long ANSWER = 2 * SECOND;

    private static final long END = 8 * SECOND;
    /** What the host gets to take the rest of what the guest has sent and closed. */
    private static final long REST = 60 * SECOND;

    private static final long TICK = SECOND / 4;

    private final Linux linux;
    private final long cid;
    private final String path;
    private final Fd listener;
    private final Timer timer;
    private boolean ticking;

    private final VsockStream[] streams = new VsockStream[STREAMS];
    /** How often each has been used: what epoll says of a former one is not taken for this one's. */
    private final int[] uses = new int[STREAMS];

    private final int[] free = new int[STREAMS];
    private int freeCount = STREAMS;
    /** Those that have ports, by the host's and the guest's. */
    private final Long2ObjectHashMap<VsockStream> known = new Long2ObjectHashMap<>();
    /** Those that have something for the guest, each once. */
    private final ArrayDeque<VsockStream> row = new ArrayDeque<>();

    private final VsockRefusals refusals = new VsockRefusals(REFUSALS + 2 * STREAMS);
    private final VsockPacket packet = new VsockPacket();
    private final IoVec vector = new IoVec(QUEUE_SIZE);
    private final MemorySegment oneByte = VsockStream.oneByte();
    private int nextPort = FIRST_PORT;
    private boolean heldBack;

    /**
     * Serves from now on, whether the guest has a driver yet or not.
     *
     * @param cid the guest's address, from {@link VsockLayout#FIRST_GUEST_CID} to {@link VsockLayout#LAST_GUEST_CID}
     * @param path of the socket
     * @param listener that socket; owned from now on, and its path is removed in the end
     */
    public Vsock(Linux linux, String id, long cid, String path, Fd listener, MemoryTable memory) {
        super(linux, id, DeviceType.VSOCK, VsockLayout.QUEUES, QUEUE_SIZE, memory);
        this.linux = linux;
        this.cid = cid;
        this.path = path;
        this.listener = listener;
        timer = new Timer(linux);
        for (int i = 0; i < STREAMS; i++) {
            free[i] = STREAMS - 1 - i;
        }
        epoll().add(listener, Epoll.IN | Epoll.EDGE, LISTENER);
        epoll().add(timer.fd(), Epoll.IN, TIMER);
        begin();
    }

    @Override
    long deviceFeatures() {
        return 0; // streams need no bit (5.10.3)
    }

    @Override
    public int configSize() {
        return VsockLayout.CONFIG;
    }

    /** {@code guest_cid}, whose upper half is zero. */
    @Override
    long configWord(int index) {
        return index == 0 ? cid : 0;
    }

    // ---- the guest's side ---------------------------------------------------------------------------------------

    @Override
    boolean canServe(int queue) {
        return switch (queue) {
            case VsockLayout.RX_QUEUE -> refusals.count() > 0 || first() != null;
            case VsockLayout.TX_QUEUE -> {
                heldBack = refusals.count() >= REFUSALS;
                yield !heldBack;
            }
            default -> false; // no event has happened yet
        };
    }

    /** The first that has something for the guest, which stays in the row; null: none has. */
    private VsockStream first() {
        VsockStream stream;
        while ((stream = row.peek()) != null && !stream.hasForGuest()) {
            row.poll().queued(false);
        }
        return stream;
    }

    @Override
    int serve(int queue, ChainCursor chain) {
        if (queue == VsockLayout.RX_QUEUE) {
            return chain.writableBytes() < VsockLayout.HEADER ? 0 : give(chain);
        }
        take(chain);
        return 0;
    }

    private int give(ChainCursor chain) {
        if (refusals.count() > 0) {
            refusals.next(packet, cid, VsockLayout.RST);
            packet.write(chain);
            return VsockLayout.HEADER;
        }
        VsockStream stream = first();
        row.poll();
        stream.queued(false);
        int written = stream.give(chain, packet, vector, now() + END);
        awaits(stream);
        enqueue(stream);
        return written;
    }

    /** What is somebody else's, or says of nobody whose it is, is dropped; what is wrong ends its connection. */
    private void take(ChainCursor chain) {
        if (!packet.read(chain) || packet.source() != cid || packet.destination() != VsockLayout.HOST_CID) {
            return;
        }
        int hostPort = packet.destinationPort();
        int guestPort = packet.sourcePort();
        int op = packet.op();
        VsockStream stream = known.get(key(hostPort, guestPort));
        if (packet.type() != VsockLayout.STREAM) {
            refuse(op, hostPort, guestPort); // and a stream of the same ports is another matter
        } else if (stream == null) {
            if (op == VsockLayout.REQUEST) {
                connect(hostPort, guestPort);
            } else {
                refuse(op, hostPort, guestPort);
            }
        } else {
            stream.credit(packet);
            if (!heard(stream, op, chain)) {
                end(stream, op != VsockLayout.RST);
            }
            enqueue(stream);
        }
    }

    private void refuse(int op, int hostPort, int guestPort) {
        if (op != VsockLayout.RST) {
            refusals.add(hostPort, guestPort);
        }
    }

    /** @return false: the connection has ended */
    private boolean heard(VsockStream stream, int op, ChainCursor chain) {
        switch (op) {
            case VsockLayout.RESPONSE:
                return stream.answered();
            case VsockLayout.SHUTDOWN:
                return stream.shuts(packet.flags()) || lingers(stream);
            case VsockLayout.RW:
                long length = packet.length();
                return length <= chain.readableBytes() - VsockLayout.HEADER
                        && length <= VsockStream.ROOM
                        && stream.takes(chain, (int) length, vector);
            case VsockLayout.CREDIT_UPDATE:
                return true;
            case VsockLayout.CREDIT_REQUEST:
                stream.asksForCredit();
                return true;
            default:
                return false;
        }
    }

    /** The guest has closed its socket and waits to hear that we know. @return false: and that is all */
    private boolean lingers(VsockStream stream) {
        int hostPort = stream.hostPort();
        int guestPort = stream.guestPort();
        if (!stream.lingers(now() + REST)) {
            return false;
        }
        known.remove(key(hostPort, guestPort));
        refusals.add(hostPort, guestPort);
        awaits(stream);
        return true;
    }

    private void connect(int hostPort, int guestPort) {
        Fd socket = freeCount == 0 ? null : dial(path + "_" + Integer.toUnsignedString(hostPort));
        if (socket == null) {
            refusals.add(hostPort, guestPort);
            return;
        }
        VsockStream stream = next();
        stream.accepted(socket, hostPort, packet);
        known.put(key(hostPort, guestPort), stream);
        watch(stream);
        enqueue(stream);
    }

    /** @return null: nobody listens there, or is too slow to accept */
    private Fd dial(String name) {
        try {
            Fd socket = linux.sockets().connect(name);
            linux.files().nonBlocking(socket, true);
            return socket;
        } catch (ErrnoException | IllegalArgumentException _) {
            return null;
        }
    }

    // ---- the host's side ----------------------------------------------------------------------------------------

    @Override
    void ready(long token, int events) {
        if (token == LISTENER) {
            accept();
        } else if (token == TIMER) {
            expire();
        } else {
            int slot = (int) ((token & 0xFFFF_FFFFL) - FIRST_STREAM);
            VsockStream stream = streams[slot];
            if (uses[slot] == (int) (token >>> 32) && !stream.isClosed()) {
                happened(stream, events);
            }
        }
    }

    private void happened(VsockStream stream, int events) {
        boolean wasKnown = stream.isKnown();
        if (!stream.happened(events, now() + ANSWER)) {
            end(stream, true);
            return;
        }
        if (!wasKnown && stream.isKnown()) {
            stream.from(port(stream.guestPort()));
            known.put(key(stream.hostPort(), stream.guestPort()), stream);
            awaits(stream);
        }
        enqueue(stream);
    }

    private void accept() {
        try {
            Optional<Fd> accepted;
            while ((accepted = linux.sockets().tryAccept(listener)).isPresent()) {
                Fd socket = accepted.get();
                if (freeCount == 0) {
                    socket.close();
                    continue;
                }
                linux.files().nonBlocking(socket, true);
                VsockStream stream = next();
                stream.asking(socket, now() + LINE);
                watch(stream);
                awaits(stream);
            }
        } catch (ErrnoException _) {
            // no descriptor is left: whoever waits is accepted when the next one comes
        }
    }

    /** A host's port that has no connection to this one of the guest's: it may have asked for any itself. */
    private int port(int guestPort) {
        int port;
        do {
            port = nextPort;
            nextPort = nextPort == -2 ? FIRST_PORT : nextPort + 1; // -1 is "any"
        } while (known.containsKey(key(port, guestPort)));
        return port;
    }

    @Override
    void turned() {
        if (canServe(VsockLayout.RX_QUEUE)) {
            drain(VsockLayout.RX_QUEUE);
        }
        if (heldBack && canServe(VsockLayout.TX_QUEUE)) {
            look(VsockLayout.TX_QUEUE);
        }
    }

    // ---- connections --------------------------------------------------------------------------------------------

    private static long key(int hostPort, int guestPort) {
        return (long) hostPort << 32 | Integer.toUnsignedLong(guestPort);
    }

    private VsockStream next() {
        int slot = free[--freeCount];
        uses[slot] = uses[slot] + 1 & Integer.MAX_VALUE; // a token is never negative
        if (streams[slot] == null) {
            streams[slot] = new VsockStream(linux, cid, slot, oneByte);
        }
        return streams[slot];
    }

    private void watch(VsockStream stream) {
        int events = Epoll.IN | Epoll.OUT | Epoll.RDHUP | Epoll.EDGE;
        epoll().add(stream.fd(), events, (long) uses[stream.slot] << 32 | FIRST_STREAM + stream.slot);
    }

    private void enqueue(VsockStream stream) {
        if (!stream.isQueued() && stream.hasForGuest()) {
            stream.queued(true);
            row.add(stream);
        }
    }

    private void end(VsockStream stream, boolean tell) {
        if (stream.isKnown()) {
            if (tell && stream.isOwedAnEnd()) {
                refusals.add(stream.hostPort(), stream.guestPort());
            }
            known.remove(key(stream.hostPort(), stream.guestPort()));
        }
        epoll().remove(stream.fd());
        stream.close();
        free[freeCount++] = stream.slot;
    }

    // ---- time ---------------------------------------------------------------------------------------------------

    private static long now() {
        return System.nanoTime() | 1; // never 0
    }

    private void awaits(VsockStream stream) {
        if (!ticking && stream.deadline() != 0) {
            ticking = true;
            timer.arm(TICK);
        }
    }

    private void expire() {
        timer.disarm();
        ticking = false;
        long now = now();
        for (VsockStream stream : streams) {
            if (stream == null || stream.isClosed() || stream.deadline() == 0) {
                continue;
            }
            if (now - stream.deadline() >= 0) {
                end(stream, true);
            } else {
                awaits(stream);
            }
        }
    }

    // ---- the end ------------------------------------------------------------------------------------------------

    /** The driver has forgotten all connections, and so do we. */
    @Override
    void forget() {
        for (VsockStream stream : streams) {
            if (stream != null && !stream.isClosed() && stream.isKnown()) {
                end(stream, false);
            }
        }
        refusals.clear();
    }

    @Override
    public void close() {
        super.close();
        for (VsockStream stream : streams) {
            if (stream != null && !stream.isClosed()) {
                stream.close();
            }
        }
        listener.close();
        timer.close();
        linux.files().unlink(path);
    }
}
