package ringfence.net;

import ringfence.virtio.NetLayout;

/** Frames and headers of the tests. */
public final class Frames {
    /** EtherType for experiments: nobody on the host speaks it. */
    public static final int EXPERIMENTAL = 0x88b5;
    /** EtherType of IPv4. */
    public static final int IPV4 = 0x0800;

    private static final int ETHERNET = 14;
    private static final int IP = 20;
    private static final int TCP = 20;
    private static final int SEGMENT = 1448;

    private Frames() {}

    /** A frame to everybody, filled with a pattern that depends on the seed. */
    public static byte[] plain(int length, int seed) {
        byte[] frame = new byte[length];
        for (int i = ETHERNET; i < length; i++) {
            frame[i] = (byte) (i * 7 + seed);
        }
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) 0xff;
        }
        frame[6] = 2;
        frame[11] = (byte) seed;
        HostEnd.putBig(frame, 12, EXPERIMENTAL);
        return frame;
    }

    /** A TCP segment over IPv4 of that many bytes of payload, its checksum left to whoever cuts it. */
    public static byte[] tcp(int payload) {
        byte[] frame = plain(ETHERNET + IP + TCP + payload, 3);
        ip(frame, 6, IP + TCP + payload);
        int tcp = ETHERNET + IP;
        HostEnd.putBig(frame, tcp, 40_000);
        HostEnd.putBig(frame, tcp + 2, 9);
        frame[tcp + 12] = 0x50;
        frame[tcp + 13] = 0x10;
        return frame;
    }

    /** A UDP datagram over IPv4 from that port. */
    public static byte[] udp(int port) {
        byte[] frame = plain(ETHERNET + IP + 8 + 32, port);
        ip(frame, 17, IP + 8 + 32);
        int udp = ETHERNET + IP;
        HostEnd.putBig(frame, udp, port);
        HostEnd.putBig(frame, udp + 2, 9);
        HostEnd.putBig(frame, udp + 4, 8 + 32);
        HostEnd.putBig(frame, udp + 6, 0);
        return frame;
    }

    private static void ip(byte[] frame, int protocol, int length) {
        HostEnd.putBig(frame, 12, IPV4);
        int ip = ETHERNET;
        frame[ip] = 0x45;
        HostEnd.putBig(frame, ip + 2, length);
        HostEnd.putBig(frame, ip + 6, 0x4000);
        frame[ip + 8] = 64;
        frame[ip + 9] = (byte) protocol;
        byte[] addresses = {10, 99, 0, 2, 10, 99, 0, 1};
        System.arraycopy(addresses, 0, frame, ip + 12, addresses.length);
        HostEnd.putBig(frame, ip + 10, 0);
        int sum = 0;
        for (int i = 0; i < IP; i += 2) {
            sum += (frame[ip + i] & 0xff) << 8 | frame[ip + i + 1] & 0xff;
        }
        HostEnd.putBig(frame, ip + 10, ~(sum + (sum >>> 16)));
    }

    /** The header of such a segment. @param size bytes of the header, 10 or 12 */
    public static byte[] tcpHeader(int size) {
        byte[] header = new byte[size];
        header[NetLayout.HEADER_FLAGS] = NetLayout.NEEDS_CSUM;
        header[NetLayout.HEADER_GSO_TYPE] = NetLayout.GSO_TCPV4;
        word(header, NetLayout.HEADER_HDR_LEN, ETHERNET + IP + TCP);
        word(header, NetLayout.HEADER_GSO_SIZE, SEGMENT);
        word(header, NetLayout.HEADER_CSUM_START, ETHERNET + IP);
        word(header, NetLayout.HEADER_CSUM_OFFSET, 16);
        return header;
    }

    /** Sets a little-endian word of a header. */
    public static void word(byte[] header, int at, int value) {
        header[at] = (byte) value;
        header[at + 1] = (byte) (value >>> 8);
    }
}
