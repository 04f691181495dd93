package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Syscall;

/**
 * The host's side of an interface: a packet socket (AF_PACKET) that sees frames of one type, each behind a
 * {@code virtio_net_hdr} of ten bytes (PACKET_VNET_HDR), so that large segments stay whole.
 */
public final class HostEnd implements AutoCloseable {
    public static final int HEADER = 10;

    private static final int AF_PACKET = 17;
    private static final int RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_VNET_HDR = 15;
    private static final int SOCKADDR_LL = 20;
    private static final int LONGEST = 70_000;

    private final Linux linux;
    private final Fd fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(LONGEST, 8);

    /** @param type EtherType of the frames that are seen */
    public HostEnd(Linux linux, String name, int type) {
        this.linux = linux;
        int protocol = Short.toUnsignedInt(Short.reverseBytes((short) type));
        fd = Fd.own(linux.kernel(), (int) call(Syscall.SOCKET, AF_PACKET, RAW_NONBLOCK_CLOEXEC, protocol, 0, 0));
        MemorySegment address = arena.allocate(SOCKADDR_LL, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(ValueLayout.JAVA_SHORT, 2, (short) protocol);
        address.set(ValueLayout.JAVA_INT, 4, index(name));
        call(Syscall.BIND, fd.number(), address.address(), SOCKADDR_LL, 0, 0);
        MemorySegment on = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
        call(Syscall.SETSOCKOPT, fd.number(), SOL_PACKET, PACKET_VNET_HDR, on.address(), 4);
    }

    private long call(Syscall call, long a, long b, long c, long d, long e) {
        long result = linux.kernel().call(call, a, b, c, d, e, 0);
        assertThat(result).as(call.toString()).isNotNegative();
        return result;
    }

    private static int index(String name) {
        try {
            return Integer.parseInt(
                    Files.readString(Path.of("/sys/class/net", name, "ifindex")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a frame to the guest; its header says nothing. */
    public void send(byte[] frame) {
        send(new byte[HEADER], frame);
    }

    /** Sends a frame to the guest if there is room. @return whether there was; a tap may still drop it, and count that */
    public boolean trySend(byte[] frame) {
        return linux.files().tryWrite(fd, behind(new byte[HEADER], frame)) > 0;
    }

    private MemorySegment behind(byte[] header, byte[] frame) {
        MemorySegment bytes = buffer.asSlice(0, header.length + (long) frame.length);
        bytes.copyFrom(MemorySegment.ofArray(header));
        bytes.asSlice(header.length).copyFrom(MemorySegment.ofArray(frame));
        return bytes;
    }

    /** Sends a frame to the guest. */
    public void send(byte[] header, byte[] frame) {
        MemorySegment bytes = behind(header, frame);
        long deadline = System.nanoTime() + 5_000_000_000L;
        long sent;
        do {
            sent = linux.files().tryWrite(fd, bytes);
            assertThat(System.nanoTime()).as("the interface is full").isLessThan(deadline);
        } while (sent == -Errno.EAGAIN.number() || sent == -Errno.ENOBUFS.number());
        assertThat(sent).isEqualTo(bytes.byteSize());
    }

    /** The next frame from the guest with its header; waits for it. */
    public byte[] receive() {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (true) {
            byte[] frame = poll();
            if (frame != null) {
                return frame;
            }
            assertThat(System.nanoTime()).as("no frame comes").isLessThan(deadline);
            Thread.yield();
        }
    }

    /** The next frame from the guest with its header; null if there is none now. */
    public byte[] poll() {
        long got = linux.files().tryRead(fd, buffer);
        return got < 0 ? null : buffer.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE);
    }

    /** A 16-bit word in the byte order of Ethernet. */
    public static void putBig(byte[] frame, int at, int value) {
        assertThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        frame[at] = (byte) (value >>> 8);
        frame[at + 1] = (byte) value;
    }

    @Override
    public void close() {
        fd.close();
        arena.close();
    }
}
