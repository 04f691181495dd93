package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.virtio.BlkLayout.S_IOERR;
import static ringfence.virtio.BlkLayout.S_OK;
import static ringfence.virtio.BlkLayout.S_UNSUPP;
import static ringfence.virtio.BlkLayout.T_GET_ID;
import static ringfence.virtio.BlkLayout.T_IN;
import static ringfence.virtio.BlkLayout.T_OUT;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Answer;
import ringfence.blk.TestGuest.Buffer;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.QueueEngine;

/**
 * Of a guest's buffers only that is written to what the guest has asked for and the image has, and what others have left in
 * ours is never seen there. The buffers are aligned or not: those that are not go through one of ours.
 */
class UntouchedBuffersTest {
    private static final long WINDOW = TestGuest.DATA;
    private static final int ROOM = 1 << 20;
    private static final long OTHER = WINDOW + (4 << 20);
    private static final byte PATTERN = 0x3C;
    private static final byte POISON = (byte) 0xA5;
    /** Where the image is cut; before it each byte is the low one of its sector's number, 0xF8 to 0xFF. */
    private static final int END = TestDisk.SIZE / 2;

    private final Linux linux = Linux.system();

    static Stream<Arguments> everywhere() {
        return Stream.of(Place.values())
                .flatMap(place -> Stream.of(EngineChoice.PLAIN, EngineChoice.URING)
                        .flatMap(choice -> Stream.of(0, 1).map(odd -> Arguments.of(place, choice, odd))));
    }

    private interface Body {
        void run(TestDisk disk, TestGuest guest, QueueEngine engine);
    }

    /** All buffers of ours have held poison. */
    private void with(Place place, EngineChoice choice, Body body) {
        try (TestDisk disk = new TestDisk(linux, place, choice);
                TestGuest guest = new TestGuest(linux, 64);
                QueueEngine engine = disk.device.engine(0, guest.memory())) {
            guest.ram().asSlice(OTHER, ROOM + 1).fill(POISON);
            for (int odd = 0; odd < 2; odd++) {
                assertThat(guest.request(engine, T_OUT, 0, OTHER + odd, ROOM)).isEqualTo(new Answer(S_OK, 1));
                assertThat(guest.request(engine, T_IN, 0, OTHER + odd, ROOM)).isEqualTo(new Answer(S_OK, ROOM + 1));
            }
            guest.ram().asSlice(WINDOW, ROOM).fill(PATTERN);
            body.run(disk, guest, engine);
        }
    }

    /** The window around a buffer in which so many bytes were written, and the rest is as it was. */
    private static void onlyWritten(TestGuest guest, long buffer, byte[] written) {
        byte[] expected = new byte[ROOM];
        Arrays.fill(expected, PATTERN);
        System.arraycopy(written, 0, expected, (int) (buffer - WINDOW), written.length);
        assertIs(guest.bytes(WINDOW, ROOM), expected);
    }

    private static void assertIs(byte[] found, byte[] expected) {
        int at = Arrays.mismatch(found, expected);
        assertThat(at)
                .as(() -> "the first that differs has " + found[at] + " and should have " + expected[at])
                .isEqualTo(-1);
    }

    /**
     * A read of these buffers has found the end of the image: what it has may have come, of what lies behind nothing. With
     * O_DIRECT the kernel may have written zeroes there.
     */
    private static void onlyComeUntilTheEnd(TestGuest guest, Place place, Buffer[] buffers, byte[] there) {
        byte[] found = guest.bytes(WINDOW, ROOM);
        byte[] expected = new byte[ROOM];
        Arrays.fill(expected, PATTERN);
        int done = 0;
        for (Buffer buffer : buffers) {
            for (int i = 0; i < buffer.length(); i++, done++) {
                int at = (int) (buffer.gpa() - WINDOW) + i;
                if (done < there.length && found[at] != PATTERN) {
                    expected[at] = there[done];
                } else if (done >= there.length && place == Place.DIRECT && found[at] == 0) {
                    expected[at] = 0;
                }
            }
        }
        assertIs(found, expected);
    }

    private static byte[] sectors(int first, int bytes) {
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (first + i / 512);
        }
        return content;
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aReadWritesItsBytesAndNoMore(Place place, EngineChoice choice, int odd) {
        with(place, choice, (disk, guest, engine) -> {
            long buffer = WINDOW + 8192 + odd;
            assertThat(guest.request(engine, T_IN, END / 512 - 8, buffer, 1536)).isEqualTo(new Answer(S_OK, 1537));
            onlyWritten(guest, buffer, sectors(END / 512 - 8, 1536));
        });
    }

    /** One that is refused before anything is read says so, and leaves all else. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void whatIsRefusedWritesNothing(Place place, EngineChoice choice, int odd) {
        with(place, choice, (disk, guest, engine) -> {
            long buffer = WINDOW + 8192 + odd;
            long sectors = TestDisk.SIZE / 512;
            for (long sector : new long[] {sectors, sectors - 7, sectors + 1, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
                assertThat(guest.request(engine, T_IN, sector, buffer, 4096)).isEqualTo(new Answer(S_IOERR, 1));
            }
            assertThat(guest.request(engine, T_IN, 8, buffer, 513)).isEqualTo(new Answer(S_IOERR, 1));
            assertThat(guest.request(engine, T_IN, 8, buffer, 511)).isEqualTo(new Answer(S_IOERR, 1));
            Buffer writable = new Buffer(buffer, 4096, true);
            for (int type : new int[] {2, 3, 14, 0x7FFF_FFFF, -1}) {
                assertThat(guest.framed(engine, type, 8, writable)).isEqualTo(new Answer(S_UNSUPP, 1));
            }
            onlyWritten(guest, buffer, new byte[0]);
        });
    }

    /** The image is shorter than the guest was told. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void aShortReadLeavesTheRest(Place place, EngineChoice choice, int odd) {
        with(place, choice, (disk, guest, engine) -> {
            linux.files().truncate(disk.image.fd(), END);
            Buffer[] buffers = {new Buffer(WINDOW + 8192 + odd, 65536, true)};
            for (int there : new int[] {0, 512, 2048, 4096}) {
                guest.ram().asSlice(WINDOW, ROOM).fill(PATTERN);
                int first = (END - there) / 512;
                assertThat(guest.framed(engine, T_IN, first, buffers)).isEqualTo(new Answer(S_IOERR, 1));
                onlyComeUntilTheEnd(guest, place, buffers, sectors(first, there));
            }
        });
    }

    /** The same with the data in many buffers. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void aShortReadIntoManyBuffersLeavesTheRest(Place place, EngineChoice choice, int odd) {
        with(place, choice, (disk, guest, engine) -> {
            linux.files().truncate(disk.image.fd(), END);
            Buffer[] buffers = new Buffer[8];
            for (int i = 0; i < buffers.length; i++) {
                buffers[i] = new Buffer(WINDOW + 8192L * (i + 1) + odd * 3, 1024, true);
            }
            int first = END / 512 - 5; // two buffers and a half
            assertThat(guest.framed(engine, T_IN, first, buffers)).isEqualTo(new Answer(S_IOERR, 1));
            onlyComeUntilTheEnd(guest, place, buffers, sectors(first, 2560));
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aSerialNumberTakesItsTwentyBytesAtMost(Place place, EngineChoice choice, int odd) {
        with(place, choice, (disk, guest, engine) -> {
            byte[] serial = Arrays.copyOf("serial-0123".getBytes(StandardCharsets.US_ASCII), 20);
            long buffer = WINDOW + 8192 + odd;
            for (int room : new int[] {1, 8, 20, 21, 4096}) {
                guest.ram().asSlice(WINDOW, ROOM).fill(PATTERN);
                int written = Math.min(room, serial.length);
                assertThat(guest.request(engine, T_GET_ID, 0, buffer, room))
                        .as("room for %d", room)
                        .isEqualTo(new Answer(S_OK, written + 1));
                onlyWritten(guest, buffer, Arrays.copyOf(serial, written));
            }
        });
    }
}
