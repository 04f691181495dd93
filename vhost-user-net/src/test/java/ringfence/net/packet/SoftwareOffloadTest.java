package ringfence.net.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.net.Frames;
import ringfence.virtio.NetLayout;

/** Pieces and checksums, looked at as a receiver does. */
class SoftwareOffloadTest {
    private static final int SEGMENT = 1000;
    private static final int PAYLOAD = 2500;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final MemorySegment memory = Arena.ofAuto().allocate(80_000);
    private final MemorySegment out = Arena.ofAuto().allocate(80_000);
    private final SoftwareOffload offload = new SoftwareOffload();

    /** A frame with a header at the place where the test asks for it, and bytes before it that matter to nobody. */
    private void place(byte[] header, byte[] frame) {
        MemorySegment.copy(header, 0, memory, ValueLayout.JAVA_BYTE, 100, header.length);
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 112, frame.length);
    }

    private static byte[] header(int type, int l4, int field) {
        byte[] header = new byte[NetLayout.HEADER];
        header[NetLayout.HEADER_FLAGS] = NetLayout.NEEDS_CSUM;
        header[NetLayout.HEADER_GSO_TYPE] = (byte) type;
        Frames.word(header, NetLayout.HEADER_GSO_SIZE, SEGMENT);
        Frames.word(header, NetLayout.HEADER_CSUM_START, l4);
        Frames.word(header, NetLayout.HEADER_CSUM_OFFSET, field);
        return header;
    }

    /** IPv4 with an option, or IPv6, below so many VLAN tags; TCP with an option, or UDP. */
    private static byte[] frame(boolean v6, int vlans, int protocol) {
        int network = 14 + 4 * vlans;
        int l4 = network + (v6 ? 40 : 24);
        int headers = l4 + (protocol == TCP ? 24 : 8);
        byte[] frame = new byte[headers + PAYLOAD];
        new Random(5).nextBytes(frame);
        for (int i = 0; i < vlans; i++) {
            big(frame, 12 + 4 * i, 0x8100);
        }
        big(frame, network - 2, v6 ? 0x86dd : 0x0800);
        frame[network] = (byte) (v6 ? 0x60 : 0x46);
        frame[network + (v6 ? 6 : 9)] = (byte) protocol;
        if (protocol == TCP) {
            big(frame, l4 + 4, 0xffff);
            big(frame, l4 + 6, 0xff00);
            frame[l4 + 12] = 0x60;
            frame[l4 + 13] = (byte) 0x99; // CWR ACK PSH FIN
        }
        return frame;
    }

    @ParameterizedTest
    @CsvSource({"false,0,6", "false,1,6", "true,0,6", "true,2,6", "false,0,17", "true,1,17"})
    void piecesAreWhatAReceiverExpects(boolean v6, int vlans, int protocol) {
        int network = 14 + 4 * vlans;
        int l4 = network + (v6 ? 40 : 24);
        int headers = l4 + (protocol == TCP ? 24 : 8);
        byte[] frame = frame(v6, vlans, protocol);
        int type = protocol == UDP ? NetLayout.GSO_UDP_L4 : v6 ? NetLayout.GSO_TCPV6 : NetLayout.GSO_TCPV4;
        place(header(type, l4, protocol == TCP ? 16 : 6), frame);
        assertThat(offload.begin(memory, 100, frame.length)).isTrue();
        assertThat(offload.pieces()).isEqualTo(3);
        byte[] payload = new byte[0];
        for (int i = 0; i < 3; i++) {
            int bytes = offload.piece(i, out);
            byte[] whole = out.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
            assertThat(Arrays.copyOf(whole, 12)).isEqualTo(new byte[12]);
            byte[] piece = Arrays.copyOfRange(whole, 12, bytes);
            assertThat(piece).hasSize(headers + (i < 2 ? SEGMENT : PAYLOAD - 2 * SEGMENT));
            assertThat(Arrays.copyOf(piece, network)).isEqualTo(Arrays.copyOf(frame, network));
            int transported = piece.length - l4;
            if (v6) {
                assertThat(big(piece, network + 4)).isEqualTo(transported);
                assertThat(folded(piece, network + 8, 32, protocol + transported + sum(piece, l4, transported)))
                        .isEqualTo(0xffff);
            } else {
                assertThat(big(piece, network + 2)).isEqualTo(piece.length - network);
                assertThat(big(piece, network + 4)).isEqualTo(big(frame, network + 4) + i & 0xffff);
                assertThat(folded(piece, network, 24, 0)).isEqualTo(0xffff);
                assertThat(folded(piece, network + 12, 8, protocol + transported + sum(piece, l4, transported)))
                        .isEqualTo(0xffff);
            }
            if (protocol == TCP) {
                int sequence = big(piece, l4 + 4) << 16 | big(piece, l4 + 6);
                assertThat(sequence).isEqualTo(0xffffff00 + i * SEGMENT);
                assertThat(piece[l4 + 13] & 0xff).isEqualTo(i == 0 ? 0x90 : i == 1 ? 0x10 : 0x19);
            } else {
                assertThat(big(piece, l4 + 4)).isEqualTo(transported);
            }
            int before = payload.length;
            payload = Arrays.copyOf(payload, before + piece.length - headers);
            System.arraycopy(piece, headers, payload, before, piece.length - headers);
        }
        assertThat(payload).isEqualTo(Arrays.copyOfRange(frame, headers, frame.length));
    }

    /** The field holds the sum of the pseudo header, virtio 1.3, 5.1.6.2; the header asks for nothing afterwards. */
    @Test
    void aChecksumIsCompleted() {
        byte[] frame = frame(false, 0, UDP);
        big(frame, 44, folded(frame, 26, 8, UDP + frame.length - 38));
        place(header(NetLayout.GSO_NONE, 38, 6), frame);
        SoftwareOffload.checksum(memory, 100, frame.length);
        byte[] after = memory.asSlice(112, frame.length).toArray(ValueLayout.JAVA_BYTE);
        assertThat(folded(after, 26, 8, UDP + frame.length - 38 + sum(after, 38, frame.length - 38)))
                .isEqualTo(0xffff);
        assertThat(memory.asSlice(100, 10).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[10]);
    }

    @Test
    void whatIsNotWhatItsHeaderSaysIsRefused() {
        byte[] frame = frame(false, 0, TCP);
        assertThat(begins(header(NetLayout.GSO_TCPV4, 38, 16), frame, frame.length))
                .isTrue();
        assertThat(begins(header(NetLayout.GSO_TCPV6, 38, 16), frame, frame.length))
                .isFalse();
        assertThat(begins(header(NetLayout.GSO_UDP_L4, 38, 16), frame, frame.length))
                .isFalse();
        assertThat(begins(header(NetLayout.GSO_TCPV4, 34, 16), frame, frame.length))
                .isFalse();
        assertThat(begins(header(NetLayout.GSO_TCPV4, 38, 16), frame, 62))
                .as("no payload")
                .isFalse();
        byte[] many = header(NetLayout.GSO_TCPV4, 38, 16);
        Frames.word(many, NetLayout.HEADER_GSO_SIZE, 1);
        assertThat(begins(many, frame, frame.length)).as("a piece per byte").isFalse();
        byte[] unchecked = header(NetLayout.GSO_TCPV4, 38, 16);
        unchecked[0] = 0;
        assertThat(begins(unchecked, frame, frame.length)).isFalse();
    }

    private boolean begins(byte[] header, byte[] frame, int length) {
        place(header, frame);
        return offload.begin(memory, 100, length);
    }

    /** Whatever passes the rules for headers: no piece is longer than the frame, nothing is read or written outside. */
    @Test
    void randomFramesDoNoHarm() {
        Random random = new Random(3);
        HeaderRules rules = HeaderRules.of(-1);
        int cut = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] frame = frame(random.nextBoolean(), random.nextInt(3), random.nextBoolean() ? TCP : UDP);
            for (int j = 0; j < random.nextInt(4); j++) {
                frame[12 + random.nextInt(60)] = (byte) random.nextInt();
            }
            int length = 14 + random.nextInt(frame.length - 14);
            byte[] header = header(1 + random.nextInt(5), 30 + 4 * random.nextInt(10), random.nextInt(20));
            Frames.word(header, NetLayout.HEADER_GSO_SIZE, random.nextInt(3000));
            place(header, frame);
            if (rules.check(memory.asSlice(100, 12), length) == null) {
                MemorySegment exact = Arena.ofAuto().allocate(12L + length);
                exact.copyFrom(memory.asSlice(100, 12L + length));
                if (offload.begin(exact, 0, length)) {
                    cut++;
                    MemorySegment room = Arena.ofAuto().allocate(12L + length);
                    for (int j = 0; j < offload.pieces(); j++) {
                        assertThat(offload.piece(j, room)).isLessThanOrEqualTo(12 + length);
                    }
                } else {
                    SoftwareOffload.checksum(exact, 0, length);
                }
            }
        }
        assertThat(cut).isGreaterThan(1000);
    }

    private static void big(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    private static int big(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static int sum(byte[] bytes, int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (bytes[at + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    private static int folded(byte[] bytes, int at, int length, int more) {
        int sum = sum(bytes, at, length) + more;
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }
}
