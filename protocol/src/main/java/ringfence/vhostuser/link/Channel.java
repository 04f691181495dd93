package ringfence.vhostuser.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;
import ringfence.vhostuser.Codec;
import ringfence.vhostuser.Header;
import ringfence.vhostuser.WireException;

/**
 * A connected socket that carries whole messages. Never blocks but for sending, and that within a deadline. It reads a
 * header, then exactly its payload, so descriptors belong to the message with which they came. One owner thread.
 */
final class Channel implements AutoCloseable {
    /** The most descriptors that any message carries. */
    static final int MAX_DESCRIPTORS = 8;

    private static final int MILLI = 1_000_000;
    private static final int SHORT = 256;

    private final Linux linux;
    private final Fd socket;
    /** Nearly all messages are shorter than 256 bytes; a device that has gone keeps these until the heap is collected. */
    private MemorySegment in = Arena.ofAuto().allocate(SHORT, 8);

    private MemorySegment out = Arena.ofAuto().allocate(SHORT, 8);
    private final List<Fd> fds = new ArrayList<>();
    private Header header;
    private int have;

    /** Takes ownership of a connected socket. */
    Channel(Linux linux, Fd socket) {
        this.linux = linux;
        this.socket = socket;
    }

    Fd socket() {
        return socket;
    }

    /**
     * Goes on reading.
     *
     * @return the next message if all of it is there; the caller closes it
     * @throws WireException for what cannot be a message
     * @throws EndOfStream if the other side has closed
     */
    Optional<Frame> poll() {
        while (true) {
            int want = header == null ? Header.SIZE : Header.SIZE + header.size();
            if (have == want) {
                if (header != null) {
                    return Optional.of(frame());
                }
                header = Header.read(bytes(0, Header.SIZE));
                continue;
            }
            in = withRoom(in, want);
            Received received = linux.sockets().tryReceive(socket, in.asSlice(have, want - have));
            if (received.bytes() == -Errno.EAGAIN.number()) {
                return Optional.empty();
            }
            fds.addAll(received.fds());
            if (received.truncated()) {
                throw new WireException("descriptors were lost: too many in one message, or none free here");
            }
            if (fds.size() > MAX_DESCRIPTORS) {
                throw new WireException("a message with " + fds.size() + " descriptors, at most " + MAX_DESCRIPTORS);
            }
            if (received.bytes() <= 0) {
                throw new EndOfStream(have == 0 && received.bytes() == 0 ? "closed" : "closed in mid-message");
            }
            have += (int) received.bytes();
        }
    }

    /** The same, or a longer one that begins with the same bytes. */
    private static MemorySegment withRoom(MemorySegment has, int bytes) {
        if (has.byteSize() >= bytes) {
            return has;
        }
        MemorySegment longer = Arena.ofAuto().allocate(Header.SIZE + Header.MAX_PAYLOAD, 8);
        return longer.copyFrom(has);
    }

    private Frame frame() {
        // a copy: the next message may be read while this one is in use
        ByteBuffer payload = ByteBuffer.allocate(header.size()).order(ByteOrder.LITTLE_ENDIAN);
        payload.put(bytes(Header.SIZE, header.size())).flip();
        Frame frame = new Frame(header, payload, fds);
        fds.clear();
        header = null;
        have = 0;
        return frame;
    }

    private ByteBuffer bytes(int offset, int length) {
        return in.asSlice(offset, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Waits until something can be read, or the time is over. */
    boolean awaitReadable(long deadline) {
        return await(Epoll.IN, deadline);
    }

    private boolean await(int events, long deadline) {
        long left;
        while ((left = deadline - System.nanoTime()) > 0) {
            if (linux.sockets().await(socket, events, (int) Math.min((left + MILLI - 1) / MILLI, 60_000))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sends a message.
     *
     * @param message from {@link Codec}, ready to be read
     * @param deadline on {@link System#nanoTime}
     * @throws EndOfStream if the other side has closed, or does not read until then
     */
    void send(ByteBuffer message, long deadline, Fd... descriptors) {
        int length = message.remaining();
        out = withRoom(out, length);
        MemorySegment.copy(MemorySegment.ofBuffer(message), 0, out, 0, length);
        int sent = 0;
        while (sent < length) {
            long result = linux.sockets()
                    .trySend(socket, out.asSlice(sent, length - sent), sent == 0 ? descriptors : new Fd[0]);
            if (result >= 0) {
                sent += (int) result;
            } else if (result == -Errno.EAGAIN.number()) {
                if (!await(Epoll.OUT, deadline)) {
                    throw new EndOfStream("does not read what it is sent");
                }
            } else if (result != -Errno.EINTR.number()) {
                throw new EndOfStream("closed: " + Errno.of(-result));
            }
        }
    }

    /** A buffer to write a message into, empty. */
    static ByteBuffer buffer() {
        return Codec.buffer();
    }

    @Override
    public void close() {
        fds.forEach(Fd::close);
        fds.clear();
        socket.close();
    }

    /** The other side is gone, or as good as gone. */
    static final class EndOfStream extends RuntimeException {
        private static final long serialVersionUID = 1L;

        EndOfStream(String reason) {
            super(reason);
        }
    }
}
