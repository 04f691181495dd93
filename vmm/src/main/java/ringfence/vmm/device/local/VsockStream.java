package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.linux.Linux;
import ringfence.virtio.VsockLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * One connection between a socket of the host's and one of the guest's: its state, and the bytes on their way. What it has
 * to tell the guest stands in it until {@link #give} has a chain for it, so that it is bounded. The device's thread only.
 */
final class VsockStream {
    /** What the guest may send before the host has taken any of it. */
    static final int ROOM = 64 << 10;

    /** The longest line with which the host asks for a port, with its end. */
    private static final int LINE = 32;

    private static final int MOST_DATA = 64 << 10;
    private static final String ASK = "connect ";

    private enum State {
        /** The host's line is being read. */
        ASKING,
        /** The guest has to answer. */
        ASKED,
        OPEN,
        /** The guest knows nothing of it any more; the host takes what is left. */
        LINGERING,
        CLOSED
    }

    final int slot;

    private final Linux linux;
    private final long guest;
    private final MemorySegment one;
    private final byte[] line = new byte[LINE];
    private int lineLength;

    private Fd fd;
    private State state;
    private int hostPort;
    private int guestPort;

    private ByteRing toHost;
    private int taken;
    private int told;
    private int sent;
    private int guestRoom;
    private int guestTaken;

    private boolean readable;
    private boolean hungUp;
    /** The host sends nothing more, and the guest has been told so by these flags. */
    private int hostShut;

    private boolean hostEnds;
    private int guestShut;

    /** Operations that the guest is to hear of, as bits. */
    private int due;

    private boolean queued;
    private long deadline;

    /** @param one a byte's room, shared by all */
    VsockStream(Linux linux, long guest, int slot, MemorySegment one) {
        this.linux = linux;
        this.guest = guest;
        this.slot = slot;
        this.one = one;
    }

    static MemorySegment oneByte() {
        return Arena.ofAuto().allocate(1);
    }

    // ---- its beginning ------------------------------------------------------------------------------------------

    /** Somebody on the host has connected, and will say to which port. Owns the descriptor, which does not block. */
    void asking(Fd socket, long until) {
        begin(socket, 0, 0, State.ASKING);
        deadline = until;
    }

    /** It has said so: this is the host's port, before the guest hears of it. */
    void from(int port) {
        hostPort = port;
    }

    /** The guest has asked for a port on which somebody listens. Owns the descriptor, which does not block. */
    void accepted(Fd socket, int hostsPort, VsockPacket request) {
        begin(socket, hostsPort, request.sourcePort(), State.OPEN);
        credit(request);
        due(VsockLayout.RESPONSE);
    }

    private void begin(Fd socket, int hostsPort, int guestsPort, State first) {
        fd = socket;
        state = first;
        hostPort = hostsPort;
        guestPort = guestsPort;
        lineLength = 0;
        taken = 0;
        told = 0;
        sent = 0;
        guestRoom = 0;
        guestTaken = 0;
        readable = false;
        hungUp = false;
        hostShut = 0;
        hostEnds = false;
        guestShut = 0;
        due = 0;
        deadline = 0;
    }

    // ---- what it is ---------------------------------------------------------------------------------------------

    Fd fd() {
        return fd;
    }

    int hostPort() {
        return hostPort;
    }

    int guestPort() {
        return guestPort;
    }

    /** Whether the guest has it, or is asked to: it has ports. */
    boolean isKnown() {
        return state == State.ASKED || state == State.OPEN;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Whether it stands in the device's row of those with something for the guest. */
    boolean isQueued() {
        return queued;
    }

    void queued(boolean now) {
        queued = now;
    }

    /** When it ends if nothing happens, by {@link System#nanoTime}; 0: it may wait for ever. */
    long deadline() {
        return deadline;
    }

    /** Whether there is something for the guest now. */
    boolean hasForGuest() {
        return due != 0 || canPass() || state == State.OPEN && hostEnds && hostShut != hostFlags();
    }

    private boolean canPass() {
        return state == State.OPEN
                && readable
                && !hostEnds
                && (guestShut & VsockLayout.SHUTDOWN_RECEIVE) == 0
                && credit() > 0;
    }

    /** How much the guest has room for; what it says of that may be anything. */
    private int credit() {
        int unread = sent - guestTaken;
        return unread < 0 || Integer.compareUnsigned(unread, guestRoom) >= 0
                ? 0
                : (int) Math.min(MOST_DATA, Integer.toUnsignedLong(guestRoom - unread));
    }

    private int hostFlags() {
        return VsockLayout.SHUTDOWN_SEND | (hungUp ? VsockLayout.SHUTDOWN_RECEIVE : 0);
    }

    private void due(int op) {
        due |= 1 << op;
    }

    private boolean isDue(int op) {
        return (due & 1 << op) != 0;
    }

    // ---- the host's side ----------------------------------------------------------------------------------------

    /** Something has happened to the socket. @return false: it is closed */
    boolean happened(int events, long answerUntil) {
        readable |= (events & (Epoll.IN | Epoll.RDHUP | Epoll.HUP | Epoll.ERR)) != 0;
        hungUp |= (events & (Epoll.HUP | Epoll.ERR)) != 0;
        hostEnds |= hungUp && (guestShut & VsockLayout.SHUTDOWN_RECEIVE) != 0; // nothing is read of it any more
        if (state == State.ASKING) {
            return readable ? readLine(answerUntil) : !hungUp;
        }
        if (state == State.ASKED) {
            return !hungUp;
        }
        return flush();
    }

    /** Byte by byte: what follows the line is the guest's. */
    private boolean readLine(long answerUntil) {
        while (lineLength < LINE) {
            long read = linux.files().tryRead(fd, one);
            if (read == -Errno.EAGAIN.number()) {
                readable = false;
                return true;
            }
            if (read <= 0) {
                return false;
            }
            byte next = one.get(ValueLayout.JAVA_BYTE, 0);
            if (next == '\n') {
                return ask(answerUntil);
            }
            line[lineLength++] = next;
        }
        return false;
    }

    private boolean ask(long answerUntil) {
        String text = new String(line, 0, lineLength, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
        if (!text.startsWith(ASK)) {
            return false;
        }
        try {
            guestPort = Integer.parseUnsignedInt(text.substring(ASK.length()).strip());
        } catch (NumberFormatException _) {
            return false;
        }
        state = State.ASKED;
        deadline = answerUntil;
        due(VsockLayout.REQUEST);
        return true;
    }

    /** Gives the host what waits for it. @return false: it is closed */
    private boolean flush() {
        while (toHost != null && toHost.count() > 0) {
            long gone = linux.sockets().trySend(fd, toHost.all());
            if (gone == -Errno.EAGAIN.number()) {
                return true;
            }
            if (gone < 0) {
                return lost();
            }
            toHost.drop((int) gone);
            took((int) gone);
        }
        if (state == State.LINGERING) {
            return false;
        }
        if ((guestShut & VsockLayout.SHUTDOWN_SEND) != 0) {
            linux.sockets().shutdownSend(fd);
        }
        return true;
    }

    /** Nobody on the host reads any more; what it has written is still the guest's. */
    private boolean lost() {
        hungUp = true;
        readable = true;
        toHost.clear();
        return state != State.LINGERING;
    }

    /** The guest hears of its room when half of it is new. */
    private void took(int bytes) {
        taken += bytes;
        if (state == State.OPEN && taken - told >= ROOM / 2) {
            due(VsockLayout.CREDIT_UPDATE);
        }
    }

    // ---- the guest's side ---------------------------------------------------------------------------------------

    /** Notes what the guest says of its room. */
    void credit(VsockPacket packet) {
        guestRoom = packet.bufAlloc();
        guestTaken = packet.fwdCnt();
    }

    /** The guest accepts. @return false: it was not asked, or the host has gone */
    boolean answered() {
        if (state != State.ASKED) {
            return false;
        }
        state = State.OPEN;
        deadline = 0;
        byte[] ok = ("OK " + Integer.toUnsignedString(hostPort) + "\n").getBytes(StandardCharsets.US_ASCII);
        MemorySegment text = Arena.ofAuto().allocate(ok.length);
        text.copyFrom(MemorySegment.ofArray(ok));
        return linux.sockets().trySend(fd, text) == ok.length;
    }

    /** The guest asks how much room there is. */
    void asksForCredit() {
        due(VsockLayout.CREDIT_UPDATE);
    }

    /**
     * The guest sends data, behind a header.
     *
     * @param vector to work with, as long as a queue
     * @return false: against the rules
     */
    boolean takes(ChainCursor chain, int length, IoVec vector) {
        int waiting = toHost == null ? 0 : toHost.count();
        if (state != State.OPEN || (guestShut & VsockLayout.SHUTDOWN_SEND) != 0 || length > ROOM - waiting) {
            return false;
        }
        if (hungUp) {
            took(length); // nobody reads it
            return true;
        }
        int gone = 0;
        if (waiting == 0) {
            vector.clear();
            chain.fillReadable(vector, VsockLayout.HEADER, length);
            long result = length == 0 ? 0 : linux.sockets().trySend(fd, vector);
            if (result < 0 && result != -Errno.EAGAIN.number()) {
                hungUp = true;
                readable = true;
                took(length);
                return true;
            }
            gone = (int) Math.max(0, result);
            took(gone);
        }
        if (gone < length) {
            if (toHost == null) {
                toHost = new ByteRing(ROOM);
            }
            toHost.add(chain, VsockLayout.HEADER + (long) gone, length - gone);
        }
        return true;
    }

    /**
     * The guest will not receive, or not send, any more.
     *
     * @return false: neither, and it is to hear that this has ended
     */
    boolean shuts(int flags) {
        guestShut |= flags & (VsockLayout.SHUTDOWN_RECEIVE | VsockLayout.SHUTDOWN_SEND);
        if (guestShut == (VsockLayout.SHUTDOWN_RECEIVE | VsockLayout.SHUTDOWN_SEND)) {
            return false;
        }
        if ((guestShut & VsockLayout.SHUTDOWN_RECEIVE) != 0) {
            linux.sockets().shutdownReceive(fd);
        }
        return flush();
    }

    /**
     * The guest knows it no more. The host still gets what is on its way.
     *
     * @return false: there is nothing, it may be closed
     */
    boolean lingers(long until) {
        if (state != State.OPEN || toHost == null || toHost.count() == 0 || hungUp) {
            return false;
        }
        state = State.LINGERING;
        due = 0;
        deadline = until;
        return true;
    }

    /**
     * Tells the guest one thing.
     *
     * @param chain with room for a header at least
     * @param vector to work with, as long as a queue
     * @param endUntil how long the guest may take to end what the host has ended
     * @return bytes written
     */
    int give(ChainCursor chain, VsockPacket packet, IoVec vector, long endUntil) {
        if (isDue(VsockLayout.REQUEST)) {
            return tell(chain, packet, VsockLayout.REQUEST);
        }
        if (isDue(VsockLayout.RESPONSE)) {
            return tell(chain, packet, VsockLayout.RESPONSE);
        }
        int data = canPass() ? pass(chain, vector) : 0;
        if (data > 0) {
            packet.begin(VsockLayout.RW, guest, hostPort, guestPort);
            packet.length(data);
            sent += data;
            return written(chain, packet) + data;
        }
        if (state == State.OPEN && hostEnds && hostShut != hostFlags()) {
            hostShut = hostFlags();
            packet.begin(VsockLayout.SHUTDOWN, guest, hostPort, guestPort);
            packet.flags(hostShut);
            deadline = hungUp ? endUntil : 0;
            return written(chain, packet);
        }
        return tell(chain, packet, VsockLayout.CREDIT_UPDATE); // always in order: the chain is taken
    }

    private int tell(ChainCursor chain, VsockPacket packet, int op) {
        due &= ~(1 << op);
        packet.begin(op, guest, hostPort, guestPort);
        return written(chain, packet);
    }

    private int written(ChainCursor chain, VsockPacket packet) {
        told = taken;
        due &= ~(1 << VsockLayout.CREDIT_UPDATE);
        packet.room(ROOM, taken);
        packet.write(chain);
        return VsockLayout.HEADER;
    }

    /** Reads what the host has written straight into the guest's buffers. @return how much, 0: nothing now */
    private int pass(ChainCursor chain, IoVec vector) {
        vector.clear();
        chain.fillWritable(vector, VsockLayout.HEADER, credit());
        if (vector.count() == 0) {
            return 0;
        }
        long read = linux.sockets().tryReceive(fd, vector);
        if (read > 0) {
            return (int) read;
        }
        readable = false;
        if (read == 0) {
            hostEnds = true;
        } else if (read != -Errno.EAGAIN.number()) {
            hostEnds = true;
            hungUp = true;
        }
        return 0;
    }

    // ---- its end ------------------------------------------------------------------------------------------------

    /** Whether the guest has to hear that it has ended: it was told of it. */
    boolean isOwedAnEnd() {
        return state == State.OPEN || state == State.ASKED && !isDue(VsockLayout.REQUEST);
    }

    /** Closes the socket, and forgets all. */
    void close() {
        state = State.CLOSED;
        due = 0;
        deadline = 0;
        fd.close();
        if (toHost != null) {
            toHost.clear();
        }
    }
}
