package ringfence.net.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** Virtio 1.3, 5.1.6.2: what a driver may ask for. */
class HeaderRulesTest {
    private static final int FRAME = 3000;
    private static final long ALL = -1;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment header = arena.allocate(NetLayout.HEADER, 2);

    @AfterEach
    void free() {
        arena.close();
    }

    private void fill(int flags, int type, int headers, int size, int start, int offset) {
        header.set(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS, (byte) flags);
        header.set(ValueLayout.JAVA_BYTE, NetLayout.HEADER_GSO_TYPE, (byte) type);
        header.set(ValueLayout.JAVA_SHORT, NetLayout.HEADER_HDR_LEN, (short) headers);
        header.set(ValueLayout.JAVA_SHORT, NetLayout.HEADER_GSO_SIZE, (short) size);
        header.set(ValueLayout.JAVA_SHORT, NetLayout.HEADER_CSUM_START, (short) start);
        header.set(ValueLayout.JAVA_SHORT, NetLayout.HEADER_CSUM_OFFSET, (short) offset);
    }

    private Drop check(long features) {
        return HeaderRules.of(features).check(header, FRAME);
    }

    @Test
    void theSizeFollowsVersionAndMerging() {
        assertThat(HeaderRules.of(Feature.VERSION_1).size()).isEqualTo(12);
        assertThat(HeaderRules.of(NetLayout.F_MRG_RXBUF).size()).isEqualTo(12);
        assertThat(HeaderRules.of(0).size()).isEqualTo(10);
    }

    @Test
    void unknownFlagsAreIgnoredAndCleared() {
        fill(0xfe, NetLayout.GSO_NONE, 0, 0, 65_535, 65_535);
        assertThat(check(0)).isNull();
        assertThat(header.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS)).isZero();
    }

    @Test
    void aChecksumLiesInsideTheFrame() {
        fill(NetLayout.NEEDS_CSUM, NetLayout.GSO_NONE, 0, 0, 2990, 8);
        assertThat(check(ALL)).isNull();
        assertThat(check(~NetLayout.F_CSUM)).isEqualTo(Drop.BAD_CHECKSUM);
        fill(NetLayout.NEEDS_CSUM, NetLayout.GSO_NONE, 0, 0, 2990, 9);
        assertThat(check(ALL)).isEqualTo(Drop.BAD_CHECKSUM);
        fill(NetLayout.NEEDS_CSUM, NetLayout.GSO_NONE, 0, 0, 65_535, 65_535);
        assertThat(check(ALL)).isEqualTo(Drop.BAD_CHECKSUM);
    }

    @Test
    void segmentationIsAsNegotiated() {
        negotiable(NetLayout.GSO_TCPV4, NetLayout.F_HOST_TSO4);
        negotiable(NetLayout.GSO_TCPV6, NetLayout.F_HOST_TSO6);
        negotiable(NetLayout.GSO_UDP_L4, NetLayout.F_HOST_USO);
        negotiable(NetLayout.GSO_TCPV4 | NetLayout.GSO_ECN, NetLayout.F_HOST_ECN);
        negotiable(NetLayout.GSO_TCPV4 | NetLayout.GSO_ECN, NetLayout.F_HOST_TSO4);
        negotiable(NetLayout.GSO_TCPV6 | NetLayout.GSO_ECN, NetLayout.F_HOST_ECN);
        fill(NetLayout.NEEDS_CSUM, NetLayout.GSO_TCPV4, FRAME + 1, 1448, 34, 16);
        assertThat(check(ALL)).isEqualTo(Drop.BAD_SEGMENTATION);
        fill(NetLayout.NEEDS_CSUM, NetLayout.GSO_TCPV4, 54, 0, 34, 16);
        assertThat(check(ALL)).isEqualTo(Drop.BAD_SEGMENTATION);
    }

    private void negotiable(int type, long feature) {
        fill(NetLayout.NEEDS_CSUM, type, 54, 1448, 34, 16);
        assertThat(check(ALL)).isNull();
        assertThat(check(~feature)).isEqualTo(Drop.BAD_SEGMENTATION);
    }

    /** Whatever passes keeps to the rules, computed a second time here. */
    @Test
    void nothingElsePasses() {
        Random random = new Random(12);
        byte[] bytes = new byte[NetLayout.HEADER];
        int passed = 0;
        for (int i = 0; i < 200_000; i++) {
            random.nextBytes(bytes);
            bytes[1] &= (byte) 0x87;
            bytes[3] &= 0x0f;
            bytes[7] &= 0x0f;
            bytes[9] &= 0x07;
            header.copyFrom(MemorySegment.ofArray(bytes));
            if (check(ALL) == null) {
                passed++;
                int end = (bytes[6] & 0xff) + (bytes[7] << 8) + (bytes[8] & 0xff) + (bytes[9] << 8) + 2;
                assertThat((bytes[0] & 1) == 0 || end <= FRAME).isTrue();
                assertThat(bytes[1] & 0xff).isIn(0, 1, 4, 5, 0x81, 0x84);
            }
        }
        assertThat(passed).isGreaterThan(1000);
    }
}
