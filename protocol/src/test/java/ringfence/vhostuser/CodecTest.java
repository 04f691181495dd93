package ringfence.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {
    private static final Negotiated ALL = new Negotiated(-1L, -1L);

    static List<Request> requests() {
        return Samples.requests();
    }

    static List<BackendRequest> backendRequests() {
        return Samples.backendRequests();
    }

    @Test
    void samplesCoverTheWholeTable() {
        var types = Samples.requests().stream().map(Request::type).collect(Collectors.toSet());
        types.addAll(
                Samples.backendRequests().stream().map(BackendRequest::type).toList());
        assertThat(types).containsExactlyInAnyOrder(MessageType.values());
    }

    @ParameterizedTest
    @MethodSource("requests")
    void requestComesBackAsItWasSent(Request request) {
        ByteBuffer bytes = written(request);
        Header header = Header.read(bytes);
        assertThat(header.code()).isEqualTo(request.type().code());
        assertThat(header.needReply()).isTrue();
        assertThat(header.size()).isEqualTo(bytes.remaining());
        assertThat(Codec.request(header, bytes, Samples.descriptors(request), ALL))
                .usingRecursiveComparison()
                .isEqualTo(request);
    }

    @ParameterizedTest
    @MethodSource("backendRequests")
    void backendRequestComesBackAsItWasSent(BackendRequest request) {
        ByteBuffer bytes = Codec.buffer();
        Codec.write(request, false, bytes);
        bytes.flip();
        Header header = Header.read(bytes);
        int fds = request instanceof BackendRequest.HostNotifier || request instanceof BackendRequest.ShmemMap ? 1 : 0;
        assertThat(Codec.backendRequest(header, bytes, fds, ALL)).isEqualTo(request);
    }

    @ParameterizedTest
    @EnumSource(ReplyKind.class)
    void replyComesBackAsItWasSent(ReplyKind kind) {
        MessageType of = Arrays.stream(MessageType.values())
                .filter(type -> type.reply() == kind)
                .findFirst()
                .orElse(MessageType.SET_MEM_TABLE);
        Reply reply = Samples.reply(kind);
        ByteBuffer bytes = Codec.buffer();
        Codec.write(of, reply, bytes);
        bytes.flip();
        Header header = Header.read(bytes);
        assertThat(Codec.reply(of, kind, header, bytes, 0))
                .usingRecursiveComparison()
                .isEqualTo(reply);
    }

    /** Bytes as libvhost-user and QEMU lay them out, written down by hand from the specification. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET_FEATURES | 01000000 09000000 00000000",
                "SET_FEATURES | 02000000 09000000 08000000 0100004001000000",
                "SET_MEM_TABLE | 05000000 09000000 48000000 02000000 00000000"
                        + " 0010000000000000 0020000000000000 00000000007f0000 0040000000000000"
                        + " 0000100000000000 0050000000000000 0060000000000000 0000000000000000",
                "SET_LOG_BASE | 06000000 09000000 10000000 0010000000000000 0020000000000000",
                "SET_VRING_NUM | 08000000 09000000 08000000 01000000 00010000",
                "SET_VRING_ADDR | 09000000 09000000 28000000 01000000 01000000 1000000000000000 2000000000000000"
                        + " 3000000000000000 4000000000000000",
                "SET_VRING_BASE | 0a000000 09000000 08000000 01000000 cdab0000",
                "GET_VRING_BASE | 0b000000 09000000 08000000 01000000 00000000",
                "SET_VRING_KICK | 0c000000 09000000 08000000 0100000000000000",
                "SET_VRING_CALL | 0d000000 09000000 08000000 0201000000000000",
                "SET_PROTOCOL_FEATURES | 10000000 09000000 08000000 0b02000000000000",
                "SET_VRING_ENABLE | 12000000 09000000 08000000 01000000 01000000",
                "IOTLB_MSG | 16000000 09000000 20000000 0010000000000000 0020000000000000 0030000000000000"
                        + " 03 02 000000000000",
                "GET_CONFIG | 18000000 09000000 1c000000 08000000 10000000 00000000"
                        + " 0000000000000000 0000000000000000",
                "SET_CONFIG | 19000000 09000000 0f000000 20000000 03000000 01000000 010203",
                "SET_INFLIGHT_FD | 20000000 09000000 18000000 4012000000000000 0010000000000000 0400 0001 00000000",
                "ADD_MEM_REG | 25000000 09000000 28000000 0000000000000000 0010000000000000 0020000000000000"
                        + " 00000000007f0000 0040000000000000",
                "SET_STATUS | 27000000 09000000 08000000 0f00000000000000",
                "GET_SHARED_OBJECT | 29000000 09000000 10000000 00112233445566778899aabbccddeeff",
                "SET_DEVICE_STATE_FD | 2a000000 09000000 08000000 01000000 00000000",
            })
    void bytesAreThoseOfTheSpecification(MessageType type, String hex) {
        Request request = Samples.requests().stream()
                .filter(sample -> sample.type() == type)
                .findFirst()
                .orElseThrow();
        ByteBuffer bytes = written(request);
        byte[] actual = new byte[bytes.remaining()];
        bytes.get(actual);
        assertThat(HexFormat.of().formatHex(actual)).isEqualTo(hex.replace(" ", ""));
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 24})
    void inflightIsTakenWithAndWithoutItsPadding(int size) {
        ByteBuffer payload = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        payload.putLong(4096)
                .putLong(0)
                .putShort((short) 1)
                .putShort((short) 128)
                .rewind();
        assertThat(Codec.request(new Header(32, false, false, size), payload, 1, ALL))
                .isEqualTo(new Request.SetInflightFd(new InflightArea(4096, 0, 1, 128)));
    }

    @ParameterizedTest
    @ValueSource(ints = {19, 21, 22, 23, 25})
    void inflightOfAnotherSizeIsRefused(int size) {
        ByteBuffer payload = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        assertThatThrownBy(() -> Codec.request(new Header(32, false, false, size), payload, 1, ALL))
                .isInstanceOf(WireException.class);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aPayloadOneByteOffIsRefused(Request request) {
        for (int change : new int[] {-1, 1}) {
            ByteBuffer bytes = written(request);
            Header header = Header.read(bytes);
            int size = header.size() + change;
            if (size < 0 || request instanceof Request.CreateCryptoSession) {
                continue; // its layout is the device's
            }
            boolean padded = request instanceof Request.IotlbMsg && size == 31; // 26 to 32: with or without padding
            ByteBuffer payload = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
            payload.put(bytes.limit(Math.min(bytes.limit(), Header.SIZE + size)))
                    .rewind();
            Header lying = new Header(header.code(), false, false, size);
            if (!padded) {
                assertThatThrownBy(() -> Codec.request(lying, payload, Samples.descriptors(request), ALL))
                        .isInstanceOf(WireException.class);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("requests")
    void surplusDescriptorsAreRefused(Request request) {
        for (int surplus : new int[] {2, 8, 253}) {
            ByteBuffer bytes = written(request);
            Header header = Header.read(bytes);
            int fds = Samples.descriptors(request) + surplus;
            assertThatThrownBy(() -> Codec.request(header, bytes, fds, ALL)).isInstanceOf(WireException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aMessageWhoseFeatureWasNotNegotiatedIsRefused(Request request) {
        ByteBuffer bytes = written(request);
        Header header = Header.read(bytes);
        if (!request.type().isLegal(Negotiated.NOTHING)) {
            assertThatThrownBy(() -> Codec.request(header, bytes, Samples.descriptors(request), Negotiated.NOTHING))
                    .hasMessageContaining("not negotiated");
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 0x10000", "9, 0x100", "10, 0xffffffff", "11, 256", "18, 0x10001"})
    void indicesAreNotCutToTheirLowBits(int code, String index) {
        MessageType type = MessageType.of(MessageType.Sender.FRONT_END, code).orElseThrow();
        ByteBuffer payload = ByteBuffer.allocate(type.maxPayload()).order(ByteOrder.LITTLE_ENDIAN);
        payload.putInt(0, Long.decode(index).intValue()).putInt(4, 1);
        assertThatThrownBy(() -> Codec.request(new Header(code, false, false, type.maxPayload()), payload, 0, ALL))
                .hasMessageContaining("queue");
    }

    @ParameterizedTest
    @ValueSource(longs = {0x200, 1L << 63, 0x1_0000_0000L})
    void unknownBitsOfAKickAreRefused(long bits) {
        ByteBuffer payload = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        payload.putLong(0, bits);
        assertThatThrownBy(() -> Codec.request(new Header(12, false, false, 8), payload, 1, ALL))
                .isInstanceOf(WireException.class);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "2, 0", "3, 0", "17, 0", "1, -1", "1, 4085", "1, 2147483647"})
    void headersOfAnotherVersionOrTooLongAreRefused(int flags, int size) {
        ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(1).putInt(flags).putInt(size).flip();
        assertThatThrownBy(() -> Header.read(bytes)).isInstanceOf(WireException.class);
    }

    @Test
    void regionsThatWrapAreRefused() {
        assertThatThrownBy(() -> new MemoryRegion(Long.MAX_VALUE - 10, 4096, 0, 0))
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> new MemoryRegion(0, 4096, -1000, 0)).isInstanceOf(WireException.class);
        assertThatThrownBy(() -> new MemoryRegion(0, 4096, 0, Long.MAX_VALUE)).isInstanceOf(WireException.class);
        assertThatThrownBy(() -> new MemoryRegion(0, 0, 0, 0)).isInstanceOf(WireException.class);
        assertThatThrownBy(() -> new MemoryRegion(0, -1, 0, 0)).isInstanceOf(WireException.class);
    }

    /** Whatever comes is a message or a WireException, never anything else. */
    @Test
    void junkIsRefusedInOneWay() {
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            int code = random.nextInt(48);
            int size = random.nextInt(4) == 0 ? random.nextInt(300) : 8 * random.nextInt(6);
            byte[] junk = new byte[size];
            random.nextBytes(junk);
            for (int j = 0; j < junk.length && random.nextBoolean(); j++) {
                junk[random.nextInt(junk.length)] = 0;
            }
            Header header = new Header(code, random.nextInt(8) == 0, false, size);
            ByteBuffer payload = ByteBuffer.wrap(junk).order(ByteOrder.LITTLE_ENDIAN);
            try {
                Request request = Codec.request(header, payload, random.nextInt(3), ALL);
                Codec.write(request, false, Codec.buffer());
            } catch (WireException expected) {
                assertThat(expected).hasMessageNotContaining("\n");
            }
        }
    }

    private static ByteBuffer written(Request request) {
        ByteBuffer bytes = Codec.buffer();
        Codec.write(request, true, bytes);
        return bytes.flip();
    }
}
