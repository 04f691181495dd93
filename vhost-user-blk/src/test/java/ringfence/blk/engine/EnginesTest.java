package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.virtio.BlkLayout.S_IOERR;
import static ringfence.virtio.BlkLayout.S_OK;
import static ringfence.virtio.BlkLayout.S_UNSUPP;
import static ringfence.virtio.BlkLayout.T_DISCARD;
import static ringfence.virtio.BlkLayout.T_FLUSH;
import static ringfence.virtio.BlkLayout.T_GET_ID;
import static ringfence.virtio.BlkLayout.T_IN;
import static ringfence.virtio.BlkLayout.T_OUT;
import static ringfence.virtio.BlkLayout.T_WRITE_ZEROES;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.blk.Blocks;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Answer;
import ringfence.blk.TestGuest.Buffer;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.linux.Linux;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;

/** Both engines do the same, on tmpfs, through the page cache and with O_DIRECT. */
class EnginesTest {
    private static final long DATA = TestGuest.DATA;
    private static final long OTHER = DATA + (4 << 20);

    private final Linux linux = Linux.system();

    static Stream<Arguments> everywhere() {
        return Stream.of(Place.values())
                .flatMap(place ->
                        Stream.of(EngineChoice.PLAIN, EngineChoice.URING).map(choice -> Arguments.of(place, choice)));
    }

    private interface Body {
        void run(TestDisk disk, TestGuest guest, QueueEngine engine);
    }

    private void with(Place place, EngineChoice choice, boolean readOnly, Body body) {
        try (TestDisk disk = new TestDisk(linux, place, choice, readOnly);
                TestGuest guest = new TestGuest(linux, 64);
                QueueEngine engine = disk.device.engine(0, guest.memory())) {
            body.run(disk, guest, engine);
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void whatIsWrittenIsReadBackAndLiesInTheFile(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            byte[] expected = disk.contents();
            Random random = new Random(7);
            for (int i = 0; i < 50; i++) {
                int bytes = 512 * (1 + random.nextInt(64));
                int sector = random.nextInt((TestDisk.SIZE - bytes) / 512);
                guest.fill(DATA, bytes, i);
                assertThat(guest.request(engine, T_OUT, sector, DATA, bytes)).isEqualTo(new Answer(S_OK, 1));
                System.arraycopy(guest.bytes(DATA, bytes), 0, expected, sector * 512, bytes);
                assertThat(guest.request(engine, T_IN, sector, OTHER, bytes)).isEqualTo(new Answer(S_OK, bytes + 1));
                assertThat(guest.bytes(OTHER, bytes)).isEqualTo(guest.bytes(DATA, bytes));
            }
            assertThat(guest.request(engine, T_FLUSH, 0, 0, 0)).isEqualTo(new Answer(S_OK, 1));
            assertThat(disk.contents()).isEqualTo(expected);
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void scatteredBuffersAreOneTransfer(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            Buffer[] out = new Buffer[20];
            Buffer[] in = new Buffer[20];
            for (int i = 0; i < 20; i++) {
                guest.fill(DATA + i * 8192L, 4096, i);
                out[i] = new Buffer(DATA + i * 8192L, 4096, false);
                in[i] = new Buffer(OTHER + i * 8192L, 4096, true);
            }
            assertThat(guest.framed(engine, T_OUT, 24, out)).isEqualTo(new Answer(S_OK, 1));
            assertThat(guest.framed(engine, T_IN, 24, in)).isEqualTo(new Answer(S_OK, 20 * 4096 + 1));
            for (int i = 0; i < 20; i++) {
                assertThat(guest.bytes(OTHER + i * 8192L, 4096)).isEqualTo(guest.bytes(DATA + i * 8192L, 4096));
                assertThat(Arrays.copyOfRange(disk.contents(), 24 * 512 + i * 4096, 24 * 512 + (i + 1) * 4096))
                        .isEqualTo(guest.bytes(DATA + i * 8192L, 4096));
            }
        });
    }

    /** A boot loader's buffers lie anywhere; O_DIRECT asks for aligned ones. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void unalignedBuffersWorkToo(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            guest.fill(DATA + 1, 1 << 20, 3);
            assertThat(guest.request(engine, T_OUT, 8, DATA + 1, 1 << 20)).isEqualTo(new Answer(S_OK, 1));
            assertThat(guest.framed(
                            engine,
                            T_IN,
                            8,
                            new Buffer(OTHER + 3, 1023, true),
                            new Buffer(OTHER + 3 + 1023, (1 << 20) - 1023, true)))
                    .isEqualTo(new Answer(S_OK, (1 << 20) + 1));
            assertThat(guest.bytes(OTHER + 3, 1 << 20)).isEqualTo(guest.bytes(DATA + 1, 1 << 20));
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void requestsOfManyMegabytesGoInPieces(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            int bytes = 3 * UringEngine.PIECE + 4096;
            guest.fill(DATA, bytes, 5);
            assertThat(guest.request(engine, T_OUT, 0, DATA, bytes)).isEqualTo(new Answer(S_OK, 1));
            guest.ram().asSlice(DATA, bytes).fill((byte) 0);
            Buffer[] in = {
                new Buffer(OTHER, 4096, true),
                new Buffer(OTHER + 8192, bytes - 8192, true),
                new Buffer(DATA, 4096, true)
            };
            assertThat(guest.framed(engine, T_IN, 0, in)).isEqualTo(new Answer(S_OK, bytes + 1));
            byte[] contents = disk.contents();
            assertThat(guest.bytes(OTHER, 4096)).isEqualTo(Arrays.copyOfRange(contents, 0, 4096));
            assertThat(guest.bytes(OTHER + 8192, bytes - 8192))
                    .isEqualTo(Arrays.copyOfRange(contents, 4096, bytes - 4096));
            assertThat(guest.bytes(DATA, 4096)).isEqualTo(Arrays.copyOfRange(contents, bytes - 4096, bytes));
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void manyRequestsAtOnceEndInAnyOrderAndKeepTheirPlaces(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            // chains of one header, one page, one status: 20 of them fit a queue of 64
            long[] status = new long[20];
            for (int i = 0; i < 20; i++) {
                long header = 0x6_0000 + 32L * i;
                status[i] = header + 16;
                guest.header(header, T_IN, 1000 + 8L * i);
                guest.offer(
                        new Buffer(header, 16, false),
                        new Buffer(DATA + 4096L * i, 4096, true),
                        new Buffer(status[i], 1, true));
            }
            guest.run(engine);
            byte[] contents = disk.contents();
            for (int i = 0; i < 20; i++) {
                assertThat(guest.bytes(status[i], 1)).containsExactly(S_OK);
                assertThat(guest.bytes(DATA + 4096L * i, 4096))
                        .isEqualTo(Arrays.copyOfRange(contents, (1000 + 8 * i) * 512, (1008 + 8 * i) * 512));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void aDiscardedRangeAndAZeroedRangeReadAsZeroes(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            byte[] expected = disk.contents();
            assertThat(guest.framed(engine, T_DISCARD, 0, guest.range(1024, 1024, 0))
                            .status())
                    .isEqualTo(S_OK);
            assertThat(guest.framed(engine, T_WRITE_ZEROES, 0, guest.range(4096, 9, 0))
                            .status())
                    .isEqualTo(S_OK);
            assertThat(guest.framed(engine, T_WRITE_ZEROES, 0, guest.range(8001, 64, 1))
                            .status())
                    .isEqualTo(S_OK);
            BiConsumer<Integer, Integer> zero =
                    (from, sectors) -> Arrays.fill(expected, from * 512, (from + sectors) * 512, (byte) 0);
            zero.accept(1024, 1024);
            zero.accept(4096, 9);
            zero.accept(8001, 64);
            assertThat(disk.contents()).isEqualTo(expected);
        });
    }

    /** C-80, sparse=off: virtio 1.3, 5.2.6.2, has no unmap that a device must do. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void anImageThatKeepsItsBlocksIsZeroedAndNotDiscarded(Place place, EngineChoice choice) {
        try (TestDisk disk = TestDisk.full(linux, place, choice);
                TestGuest guest = new TestGuest(linux, 64);
                QueueEngine engine = disk.device.engine(0, guest.memory())) {
            assertThat(disk.device.features() & (BlkLayout.F_DISCARD | BlkLayout.F_WRITE_ZEROES))
                    .isEqualTo(BlkLayout.F_WRITE_ZEROES);
            disk.device.negotiated(disk.device.features());
            byte[] config = disk.device.config();
            assertThat(config[BlkLayout.CONFIG_WRITE_ZEROES_MAY_UNMAP]).isZero();
            assertThat(config[BlkLayout.CONFIG_MAX_DISCARD_SEG]).isZero();
            assertThat(config[BlkLayout.CONFIG_MAX_WRITE_ZEROES_SEG]).isEqualTo((byte) 1);
            assertThat(guest.framed(engine, T_DISCARD, 0, guest.range(0, 8, 0)).status())
                    .isEqualTo(S_UNSUPP);
            assertThat(guest.framed(engine, T_WRITE_ZEROES, 0, guest.range(0, 8192, 1))
                            .status())
                    .isEqualTo(S_OK);
            byte[] contents = disk.contents();
            assertThat(Arrays.copyOf(contents, 4 << 20)).isEqualTo(new byte[4 << 20]);
            assertThat(contents[(4 << 20) + 512]).isEqualTo((byte) 1);
            assertThat(Blocks.of(disk.file)).isGreaterThanOrEqualTo(TestDisk.SIZE);
        }
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void theSerialNumberIsFilledUpWithZeroes(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            guest.fill(DATA, 32, 1);
            assertThat(guest.request(engine, T_GET_ID, 0, DATA, 20)).isEqualTo(new Answer(S_OK, 21));
            assertThat(new String(guest.bytes(DATA, 20), StandardCharsets.US_ASCII))
                    .isEqualTo("serial-0123\0\0\0\0\0\0\0\0\0");
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void badRequestsFailAloneAndTheFileIsUnchanged(Place place, EngineChoice choice) {
        with(place, choice, true, (disk, guest, engine) -> {
            byte[] before = disk.contents();
            long sectors = TestDisk.SIZE / 512;
            assertThat(guest.request(engine, T_OUT, 0, DATA, 512).status()).isEqualTo(S_IOERR);
            assertThat(guest.request(engine, 2, 0, DATA, 512).status()).isEqualTo(S_UNSUPP);
            assertThat(guest.request(engine, T_IN, sectors, DATA, 512).status()).isEqualTo(S_IOERR);
            assertThat(guest.framed(engine, T_DISCARD, 0, guest.range(0, 8, 0)).status())
                    .isEqualTo(S_IOERR);
            assertThat(guest.request(engine, T_IN, sectors - 1, DATA, 512).status())
                    .isEqualTo(S_OK);
            assertThat(disk.contents()).isEqualTo(before);
        });
    }

    /** The image was cut short behind our back: an I/O error, and used.len does not claim what was not written. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void aShortFileIsAnIoError(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            linux.files().truncate(disk.image.fd(), TestDisk.SIZE / 2);
            long sector = TestDisk.SIZE / 1024;
            assertThat(guest.request(engine, T_IN, sector, DATA, 4096)).isEqualTo(new Answer(S_IOERR, 1));
            assertThat(guest.request(engine, T_IN, sector - 4, DATA, 4096)).isEqualTo(new Answer(S_IOERR, 1));
            assertThat(guest.request(engine, T_IN, sector - 8, DATA, 4096)).isEqualTo(new Answer(S_OK, 4097));
        });
    }

    /** What lies beyond the new end is an I/O error, what was beyond the old one is there, and reads as zeroes. */
    @ParameterizedTest
    @MethodSource("everywhere")
    void theImageIsAsLargeAsTheFrontEndSays(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, before) -> {
            long sectors = TestDisk.SIZE / 512;
            for (long end : new long[] {sectors + 4096, 4096, sectors}) {
                disk.resize(end);
                assertThat(disk.file).hasSize(end * 512);
                assertThat(ByteBuffer.wrap(disk.device.config())
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getLong())
                        .isEqualTo(end);
                try (QueueEngine engine = disk.device.engine(0, guest.memory())) {
                    guest.fill(DATA, 4096, (int) end);
                    assertThat(guest.request(engine, T_IN, end - 8, OTHER, 4096))
                            .isEqualTo(new Answer(S_OK, 4097));
                    assertThat(guest.request(engine, T_OUT, end - 8, DATA, 4096).status())
                            .isEqualTo(S_OK);
                    assertThat(guest.request(engine, T_OUT, end, DATA, 4096).status())
                            .isEqualTo(S_IOERR);
                    assertThat(guest.request(engine, T_IN, end - 7, OTHER, 4096).status())
                            .isEqualTo(S_IOERR);
                    assertThat(guest.framed(engine, T_WRITE_ZEROES, 0, guest.range(end - 4, 8, 0))
                                    .status())
                            .isEqualTo(S_IOERR);
                }
            }
            assertThat(disk.file).hasSize(TestDisk.SIZE);
            assertThat(Arrays.copyOfRange(disk.contents(), 4096 * 512, (int) sectors * 512 - 4096))
                    .as("what was cut off")
                    .containsOnly(0);
        });
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "-9223372036854775808", "18014398509481984", "36028797018963967"})
    void aSizeThatCannotBeChangesNothing(long sectors) {
        with(Place.CACHED, EngineChoice.PLAIN, false, (disk, guest, engine) -> {
            assertThatThrownBy(() -> disk.resize(sectors))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(disk.file.toString());
            assertThat(disk.file).hasSize(TestDisk.SIZE);
            assertThat(guest.request(engine, T_IN, TestDisk.SIZE / 512 - 1, DATA, 512)
                            .status())
                    .isEqualTo(S_OK);
        });
    }

    @Test
    void aReadOnlyDiskStaysAsLargeAsItIs() {
        with(
                Place.CACHED,
                EngineChoice.PLAIN,
                true,
                (disk, guest, engine) -> assertThatThrownBy(() -> disk.resize(8))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("for reading only"));
    }

    /** The front-end of a daemon that somebody has started for it has no say in what the disk takes of the host. */
    @Test
    void aDiskIsNotResizedUnlessItsDaemonWasToldThatItMayBe() {
        with(Place.CACHED, EngineChoice.PLAIN, false, (disk, guest, engine) -> {
            BlkOptions options = new BlkOptions(1, 64, "", EngineChoice.PLAIN, false, true);
            BlkDevice fixed = new BlkDevice(linux, disk.image, options, null, Counters.hidden(), "fixed");
            assertThatThrownBy(() -> fixed.setConfig(0, new byte[8]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("--resizable");
        });
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void withoutACacheEveryWriteIsDurable(Place place, EngineChoice choice) {
        with(place, choice, false, (disk, guest, engine) -> {
            disk.device.negotiated(TestDisk.ALL_FEATURES);
            disk.device.writeConfig(32, new byte[] {0});
            guest.fill(DATA, 8192, 9);
            assertThat(guest.request(engine, T_OUT, 16, DATA, 8192)).isEqualTo(new Answer(S_OK, 1));
            assertThat(Arrays.copyOfRange(disk.contents(), 8192, 16384)).isEqualTo(guest.bytes(DATA, 8192));
            assertThat(disk.device.config()[32]).isZero();
        });
    }
}
