package ringfence.net.packet;

import java.util.Arrays;
import ringfence.virtio.NetLayout;

/**
 * What cutting a frame means, a second time: slow, over arrays, sharing nothing with {@link SoftwareOffload}.
 *
 * @param frame the whole of it
 * @param network where its network header begins
 * @param transport where its transport header does
 * @param payload where its payload does
 * @param v6 whether that is IPv6
 * @param tcp TCP, else UDP
 * @param size most bytes of payload of a piece
 */
record ReferenceCut(byte[] frame, int network, int transport, int payload, boolean v6, boolean tcp, int size) {
    private static final int ETHERTYPE = 12;
    private static final int TCP = 6;
    private static final int UDP = 17;

    /** Of a frame and its header; null: it cannot be cut. */
    static ReferenceCut of(byte[] header, byte[] frame) {
        int vlans = 0;
        while (vlans < 2 && ETHERTYPE + 4 * vlans + 6 <= frame.length && isTag(word(frame, ETHERTYPE + 4 * vlans))) {
            vlans++;
        }
        int network = ETHERTYPE + 4 * vlans + 2;
        if (frame.length < network + 40) {
            return null;
        }
        int ethertype = word(frame, network - 2);
        boolean v6 = ethertype == 0x86dd;
        int words = frame[network] & 0xf;
        int protocol = frame[network + (v6 ? 6 : 9)];
        if (!v6 && (ethertype != 0x800 || words < 5) || protocol != TCP && protocol != UDP) {
            return null;
        }
        int transport = network + (v6 ? 40 : 4 * words);
        boolean tcp = protocol == TCP;
        if (tcp && (frame.length < transport + 20 || (frame[transport + 12] & 0xf0) < 0x50)) {
            return null;
        }
        int payload = transport + (tcp ? (frame[transport + 12] >> 4 & 0xf) * 4 : 8);
        ReferenceCut cut = new ReferenceCut(frame, network, transport, payload, v6, tcp, little(header, 4));
        boolean is = payload < frame.length
                && (header[NetLayout.HEADER_FLAGS] & NetLayout.NEEDS_CSUM) != 0
                && little(header, NetLayout.HEADER_CSUM_START) == transport
                && cut.isOfType(header[NetLayout.HEADER_GSO_TYPE] & 0x7f)
                && cut.pieces() <= SoftwareOffload.MAX_PIECES;
        return is ? cut : null;
    }

    private static boolean isTag(int ethertype) {
        return ethertype == 0x8100 || ethertype == 0x88a8;
    }

    private boolean isOfType(int type) {
        return type == (tcp ? v6 ? NetLayout.GSO_TCPV6 : NetLayout.GSO_TCPV4 : NetLayout.GSO_UDP_L4);
    }

    int pieces() {
        return Math.ceilDiv(frame.length - payload, size);
    }

    /** A piece without a header of virtio and without its checksums, whose fields are zero. */
    byte[] piece(int number) {
        int from = payload + number * size;
        int to = Math.min(frame.length, from + size);
        byte[] piece = Arrays.copyOf(frame, payload + to - from);
        System.arraycopy(frame, from, piece, payload, to - from);
        if (v6) {
            word(piece, network + 4, piece.length - transport);
        } else {
            word(piece, network + 2, piece.length - network);
            word(piece, network + 4, word(frame, network + 4) + number);
            word(piece, network + 10, 0);
        }
        if (tcp) {
            long sequence =
                    ((long) word(frame, transport + 4) << 16) + word(frame, transport + 6) + (long) number * size;
            word(piece, transport + 4, (int) (sequence >> 16));
            word(piece, transport + 6, (int) sequence);
            boolean last = number == pieces() - 1;
            piece[transport + 13] &= (byte) ((number == 0 ? 0xff : 0x7f) & (last ? 0xff : 0xf6));
        } else {
            word(piece, transport + 4, piece.length - transport);
        }
        word(piece, checksumAt(), 0);
        return piece;
    }

    int checksumAt() {
        return transport + (tcp ? 16 : 6);
    }

    /** Whether a piece's checksums, of IPv4 and of the transport, are right. */
    boolean isRight(byte[] piece) {
        int pseudo = sum(piece, network + (v6 ? 8 : 12), v6 ? 32 : 8) + (tcp ? TCP : UDP) + piece.length - transport;
        boolean header = v6 || folded(sum(piece, network, transport - network)) == 0xffff;
        return header && folded(pseudo + sum(piece, transport, piece.length - transport)) == 0xffff;
    }

    /** The same bytes with the checksums' fields zero. */
    byte[] withoutChecksums(byte[] piece) {
        byte[] without = piece.clone();
        word(without, checksumAt(), 0);
        if (!v6) {
            word(without, network + 10, 0);
        }
        return without;
    }

    static int sum(byte[] bytes, int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (bytes[at + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    static int folded(int sum) {
        return sum >>> 16 == 0 ? sum : folded((sum & 0xffff) + (sum >>> 16));
    }

    static int little(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
    }

    static int word(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    static void word(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }
}
