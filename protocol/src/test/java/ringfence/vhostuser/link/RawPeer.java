package ringfence.vhostuser.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;
import ringfence.vhostuser.Codec;
import ringfence.vhostuser.Header;
import ringfence.vhostuser.Request;

/** One end of a connection that keeps no rule but those it is told to keep. */
final class RawPeer implements AutoCloseable {
    private final Linux linux;
    private final Fd socket;

    RawPeer(Linux linux, Fd socket) {
        this.linux = linux;
        this.socket = socket;
        linux.sockets().timeout(socket, 5000, 5000);
    }

    Fd socket() {
        return socket;
    }

    /** A proper message. */
    RawPeer send(Request request, Fd... fds) {
        ByteBuffer bytes = Codec.buffer();
        Codec.write(request, false, bytes);
        byte[] message = new byte[bytes.flip().remaining()];
        bytes.get(message);
        return bytes(message, fds);
    }

    /** A header with anything in it, and a payload of any length. */
    RawPeer send(int code, int flags, int size, byte[] payload, Fd... fds) {
        ByteBuffer bytes = ByteBuffer.allocate(Header.SIZE + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(code).putInt(flags).putInt(size).put(payload);
        return bytes(bytes.array(), fds);
    }

    /** Anything at all. The other side may have closed by now. */
    RawPeer bytes(byte[] bytes, Fd... fds) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(bytes.length);
            segment.copyFrom(MemorySegment.ofArray(bytes));
            linux.sockets().send(socket, segment, fds);
        }
        return this;
    }

    /** The next bytes, so many at most; empty if the other side has closed. */
    byte[] receive(int most) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(most);
            Received received = linux.sockets().receive(socket, into);
            received.closeAll();
            return received.bytes() <= 0
                    ? new byte[0]
                    : into.asSlice(0, received.bytes()).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Whether the other side has closed, within the time-out; what it sends before is thrown away. */
    boolean isClosed() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(4096);
            while (true) {
                Received received = linux.sockets().receive(socket, into);
                received.closeAll();
                if (received.bytes() <= 0) {
                    return received.bytes() == 0 || received.bytes() == -Errno.ECONNRESET.number();
                }
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
