package ringfence.net.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.virtio.NetLayout;

/**
 * Does for a receiver what it does not do itself: completes a checksum, cuts a large segment. The frame lies in memory of
 * ours, behind a header that {@link HeaderRules} has passed; its contents are hostile. One thread; allocates nothing.
 *
 * <p>TCP and UDP over IPv4, with options, and over IPv6 without extension headers, below up to two VLAN tags. Whatever
 * else asks to be cut is no frame that a driver has to send, and is refused.
 */
public final class SoftwareOffload {
    /** Most pieces of one frame: 64 KiB at 536 bytes, the smallest that IPv4 promises, and some. */
    public static final int MAX_PIECES = 128;

    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    private static final int ETHERNET = 14;
    private static final int VLAN = 4;
    private static final int MAX_VLANS = 2;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int IPV6_HEADER = 40;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int TCP_HEADER = 20;
    private static final int UDP_HEADER = 8;
    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;

    private MemorySegment frame;
    private long start;
    private int length;
    private boolean v6;
    private int network;
    private int transport;
    private int protocol;
    private int headers;
    private int pieceSize;
    private int firstId;
    private int firstSequence;

    /** Completes the checksum of a frame that is not cut, and says so in its header. */
    public static void checksum(MemorySegment memory, long header, int length) {
        long from = word(memory, header + NetLayout.HEADER_CSUM_START);
        long at = header + NetLayout.HEADER + from;
        long field = at + word(memory, header + NetLayout.HEADER_CSUM_OFFSET);
        int value = Checksum.finishNonZero(Checksum.add(0, memory, at, length - from));
        memory.set(BE16, field, (short) value);
        memory.asSlice(header, NetLayout.LEGACY_HEADER).fill((byte) 0);
    }

    /**
     * Takes a frame to be cut.
     *
     * @param memory where it lies
     * @param header where in it the header of virtio begins, {@link NetLayout#HEADER} bytes before the frame
     * @param bytes of the frame
     * @return false: it is not what its header says
     */
    public boolean begin(MemorySegment memory, long header, int bytes) {
        frame = memory;
        start = header + NetLayout.HEADER;
        length = bytes;
        pieceSize = word(memory, header + NetLayout.HEADER_GSO_SIZE);
        int type = memory.get(U8, header + NetLayout.HEADER_GSO_TYPE) & 0x7F;
        boolean checked = (memory.get(U8, header + NetLayout.HEADER_FLAGS) & NetLayout.NEEDS_CSUM) != 0;
        return checked
                && parseNetwork()
                && transport == word(memory, header + NetLayout.HEADER_CSUM_START)
                && parseTransport()
                && isOfType(type)
                && pieces() <= MAX_PIECES;
    }

    private boolean isOfType(int type) {
        return switch (type) {
            case NetLayout.GSO_TCPV4 -> protocol == TCP && !v6;
            case NetLayout.GSO_TCPV6 -> protocol == TCP && v6;
            case NetLayout.GSO_UDP_L4 -> protocol == UDP;
            default -> false;
        };
    }

    private boolean parseNetwork() {
        network = ETHERNET;
        for (int i = 0; i < MAX_VLANS && network + VLAN <= length && isVlan(big(network - 2)); i++) {
            network += VLAN;
        }
        if (network + IPV6_HEADER > length) {
            return false; // also too short for IPv4 with TCP
        }
        int ethertype = big(network - 2);
        v6 = ethertype == IPV6;
        if (v6) {
            protocol = octet(network + 6);
            transport = network + IPV6_HEADER;
            return true;
        }
        int words = octet(network) & 0xF;
        protocol = octet(network + 9);
        transport = network + 4 * words;
        firstId = big(network + 4);
        return ethertype == IPV4 && words >= 5;
    }

    private static boolean isVlan(int ethertype) {
        return ethertype == 0x8100 || ethertype == 0x88A8;
    }

    private boolean parseTransport() {
        if (protocol == UDP) {
            headers = transport + UDP_HEADER;
            return headers < length;
        }
        if (protocol != TCP || transport + TCP_HEADER > length) {
            return false;
        }
        int words = octet(transport + 12) >>> 4;
        headers = transport + 4 * words;
        firstSequence = frame.get(BE32, start + transport + 4);
        return words >= 5 && headers < length;
    }

    /** How many pieces it has, 1 or more. */
    public int pieces() {
        return (length - headers + pieceSize - 1) / pieceSize;
    }

    /**
     * Makes a piece: a frame of its own, behind a header that asks for nothing.
     *
     * @param number 0 to {@link #pieces} - 1
     * @param into as long as header and frame
     * @return bytes of header and frame
     */
    public int piece(int number, MemorySegment into) {
        int from = headers + number * pieceSize;
        int payload = Math.min(pieceSize, length - from);
        int bytes = headers + payload;
        into.asSlice(0, NetLayout.HEADER).fill((byte) 0);
        MemorySegment piece = into.asSlice(NetLayout.HEADER, bytes);
        MemorySegment.copy(frame, start, piece, 0, headers);
        MemorySegment.copy(frame, start + from, piece, headers, payload);
        long sum = networkHeader(piece, number);
        if (protocol == TCP) {
            tcpHeader(piece, number);
        } else {
            piece.set(BE16, transport + 4L, (short) (bytes - transport));
        }
        long field = transport + (protocol == TCP ? 16L : 6L);
        piece.set(BE16, field, (short) 0);
        sum += protocol + bytes - transport;
        piece.set(BE16, field, (short)
                Checksum.finishNonZero(Checksum.add(sum, piece, transport, (long) bytes - transport)));
        return NetLayout.HEADER + bytes;
    }

    /** Corrects it. @return the sum of its addresses */
    private long networkHeader(MemorySegment piece, int number) {
        if (v6) {
            piece.set(BE16, network + 4L, (short) (piece.byteSize() - transport));
            return Checksum.add(0, piece, network + 8L, 32);
        }
        piece.set(BE16, network + 2L, (short) (piece.byteSize() - network));
        piece.set(BE16, network + 4L, (short) (firstId + number));
        piece.set(BE16, network + 10L, (short) 0);
        int sum = Checksum.finish(Checksum.add(0, piece, network, (long) transport - network));
        piece.set(BE16, network + 10L, (short) sum);
        return Checksum.add(0, piece, network + 12L, 8);
    }

    private void tcpHeader(MemorySegment piece, int number) {
        piece.set(BE32, transport + 4L, firstSequence + number * pieceSize);
        int flags = piece.get(U8, transport + 13L);
        int gone = (number == 0 ? 0 : CWR) | (number == pieces() - 1 ? 0 : FIN_PSH);
        piece.set(U8, transport + 13L, (byte) (flags & ~gone));
    }

    private int octet(int at) {
        return frame.get(U8, start + at) & 0xFF;
    }

    private int big(int at) {
        return frame.get(BE16, start + at) & 0xFFFF;
    }

    private static int word(MemorySegment memory, long at) {
        return memory.get(LE16, at) & 0xFFFF;
    }
}
