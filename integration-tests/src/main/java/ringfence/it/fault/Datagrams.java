package ringfence.it.fault;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** UDP over IPv4 over Ethernet, as far as a test's guest has to speak it. */
final class Datagrams {
    private static final int ETHERNET = 14;
    private static final int IP = 20;
    private static final int UDP = 8;
    private static final int ALL = ETHERNET + IP + UDP;
    private static final int IPV4 = 0x0800;
    private static final int PROTOCOL_UDP = 17;

    private Datagrams() {}

    /** What a datagram carries. @return empty if the frame is none */
    static Optional<byte[]> payload(byte[] frame) {
        boolean is = frame.length >= ALL
                && big(frame, ETHERNET - 2) == IPV4
                && frame[ETHERNET] == 0x45
                && frame[ETHERNET + 9] == PROTOCOL_UDP;
        if (!is) {
            return Optional.empty();
        }
        int length = big(frame, ETHERNET + IP + 4) - UDP; // the frame may be padded
        return length < 0 || ALL + length > frame.length
                ? Optional.empty()
                : Optional.of(Arrays.copyOfRange(frame, ALL, ALL + length));
    }

    /**
     * A frame with a datagram, its own checksum left out as IPv4 allows (RFC 768).
     *
     * @param from stations' addresses, six bytes each, and hosts', four bytes each
     */
    static byte[] frame(byte[] from, byte[] to, byte[] host, byte[] toHost, int port, int toPort, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(ALL + payload.length)
                .put(to)
                .put(from)
                .putShort((short) IPV4)
                .putShort((short) 0x4500)
                .putShort((short) (IP + UDP + payload.length))
                .putInt(0)
                .put((byte) 64)
                .put((byte) PROTOCOL_UDP)
                .putShort((short) 0)
                .put(host)
                .put(toHost)
                .putShort((short) port)
                .putShort((short) toPort)
                .putShort((short) (UDP + payload.length))
                .putShort((short) 0)
                .put(payload);
        int sum = 0;
        for (int at = ETHERNET; at < ETHERNET + IP; at += 2) {
            sum += big(frame.array(), at);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return frame.putShort(ETHERNET + 10, (short) ~((sum & 0xffff) + (sum >>> 16)))
                .array();
    }

    private static int big(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }
}
