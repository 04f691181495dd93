package ringfence.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;

/** A file of counters, from the side of its writer and of another process. */
class CountersFileTest {
    private static final String OPTION = "--counters";
    private static final Linux LINUX = Linux.system();
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final CounterType FRAMES = new CounterType(100, "frames", "FRAMES of a toy");
    private static final CounterType BYTES = new CounterType(101, "bytes", "BYTES of a toy");

    @TempDir
    Path directory;

    private CountersFile create(Path file, int capacity) {
        return CountersFile.create(OPTION, file, "toy", capacity, CLOCK);
    }

    private static CountersReading.Value value(CounterType type, int index, String owner, long value) {
        return new CountersReading.Value(type.id(), type.kind(), 0, index, owner, type.label(), type.help(), value);
    }

    @Test
    void whatIsCountedIsRead() {
        Path file = directory.resolve("c");
        CountersFile writer = create(file, 4);
        AtomicCounter frames = writer.counters().counter(FRAMES, "toy/q1", 1);
        AtomicCounter bytes = writer.counters().counter(BYTES, "toy/q1", 1);
        frames.incrementOpaque();
        bytes.getAndAddOpaque(1L << 40);
        CountersReading reading = CountersReading.of(LINUX, OPTION, file);
        assertThat(reading.program()).isEqualTo("toy");
        assertThat(reading.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(reading.started()).isEqualTo(NOW);
        assertThat(reading.ended()).isEmpty();
        assertThat(reading.isAlive()).isTrue();
        assertThat(reading.values())
                .containsExactly(value(FRAMES, 1, "toy/q1", 1), value(BYTES, 1, "toy/q1", 1L << 40));
        writer.close();
        frames.incrementOpaque(); // late, and harmless
        assertThat(CountersReading.of(LINUX, OPTION, file).ended()).contains(NOW);
    }

    /** Another JVM, while the writer counts on: what it prints lies between what was counted before and after. */
    @Test
    void anotherProcessReadsWhileItIsCounted() throws Exception {
        Path file = directory.resolve("c");
        CountersFile writer = create(file, 1);
        AtomicCounter frames = writer.counters().counter(FRAMES, "toy/q0", 0);
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OneReading.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        while (reader.isAlive()) {
            frames.incrementOpaque();
        }
        assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
        long read =
                Long.parseLong(new String(reader.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
        assertThat(read).isPositive().isLessThanOrEqualTo(frames.get());
    }

    /** The other process of the test above. */
    static final class OneReading {
        private OneReading() {}

        public static void main(String[] arguments) {
            System.out.println(CountersReading.of(LINUX, OPTION, Path.of(arguments[0]))
                    .values()
                    .getFirst()
                    .value());
        }
    }

    @Test
    void aSuccessorReplacesTheFileAndWhateverElseIsThereStays() throws Exception {
        Path file = directory.resolve("c");
        AtomicCounter old = create(file, 1).counters().counter(FRAMES, "old", 0);
        create(file, 2).counters().counter(FRAMES, "new", 0);
        old.incrementOpaque();
        assertThat(CountersReading.of(LINUX, OPTION, file).values()).containsExactly(value(FRAMES, 0, "new", 0));
        Path other = Files.writeString(directory.resolve("letter"), "Dear Sir or Madam");
        assertThatThrownBy(() -> create(other, 1)).hasMessageStartingWith("--counters=" + other + ": something else");
        assertThatThrownBy(() -> create(directory, 1)).hasMessageContaining("something else");
        assertThat(other).content().isEqualTo("Dear Sir or Madam");
        assertThatThrownBy(() -> create(directory.resolve("no/where"), 1)).hasMessageContaining("no such directory");
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("c", "letter");
    }

    /** The numbers of a device only grow, whoever serves it; what a predecessor counted and we do not makes room. */
    @Test
    void aSuccessorOfTheSameProgramGoesOnWhereItStood() {
        Path file = directory.resolve("c");
        CountersFile first = create(file, 3);
        first.counters().counter(FRAMES, "toy/q0", 0).getAndAddOpaque(5);
        first.counters().counter(FRAMES, "gone", 0);
        first.counters().counter(BYTES, "gone", 0);
        first.close();
        CountersFile second = create(file, 3);
        second.counters().counter(FRAMES, "toy/q0", 0).incrementOpaque();
        second.counters().counter(BYTES, "toy/q0", 0).incrementOpaque();
        second.counters().counter(FRAMES, "toy/q1", 1);
        CountersReading reading = CountersReading.of(LINUX, OPTION, file);
        assertThat(reading.ended()).isEmpty();
        assertThat(reading.values())
                .containsExactlyInAnyOrder(
                        value(FRAMES, 0, "toy/q0", 6), value(BYTES, 0, "toy/q0", 1), value(FRAMES, 1, "toy/q1", 0));
    }

    /** A program that may make no file counts in one that was made for it, in whatever state it is. */
    @Test
    void anEmptyFileIsOneThatWasMadeForUs() throws Exception {
        Path file = Files.createFile(directory.resolve("c"));
        Object made = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        create(file, 1).counters().counter(FRAMES, "toy", 0).incrementOpaque();
        assertThat(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
                .isEqualTo(made);
        byte[] good = Files.readAllBytes(file);
        for (int at = CountersLayout.VERSION_AT; at < CountersLayout.HEADER + 600; at += 3) {
            byte[] bad = good.clone();
            bad[at] ^= (byte) 0x81;
            Files.write(file, bad);
            create(file, 1).counters().counter(FRAMES, "toy", 0).incrementOpaque();
            assertThat(CountersReading.of(LINUX, OPTION, file).values()).hasSize(1);
        }
    }

    /** A daemon may be killed at any moment, and its successor may not end of that. */
    @ParameterizedTest
    @ValueSource(ints = {8, 4096, 5000})
    void whatAMakerHasBegunIsMadeByTheNext(int written) throws Exception {
        Path file = directory.resolve("counters");
        ByteBuffer begun = ByteBuffer.allocate(written).order(ByteOrder.nativeOrder());
        Files.write(file, begun.putLong(0, CountersLayout.BEGUN).array());
        assertThatThrownBy(() -> CountersReading.of(LINUX, OPTION, file)).isInstanceOf(IllegalArgumentException.class);
        create(file, 4).counters().counter(FRAMES, "toy", 0).incrementOpaque();
        assertThat(CountersReading.of(LINUX, OPTION, file).values()).containsExactly(value(FRAMES, 0, "toy", 1));
    }

    @Test
    void whatIsForgottenMakesRoom() {
        Path file = directory.resolve("c");
        Counters counters = create(file, 1).counters();
        for (int i = 0; i < 3; i++) {
            counters.counter(FRAMES, "device" + i, 0).incrementOpaque();
            assertThat(CountersReading.of(LINUX, OPTION, file).values())
                    .containsExactly(value(FRAMES, 0, "device" + i, 1));
            counters.forget("device" + i);
        }
    }

    private static long kibibytes(Path file) throws Exception {
        Process du = new ProcessBuilder("du", "-k", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\t", 2)[0]);
    }

    private CountersFile sparse(Path file) {
        return CountersFile.sparse(OPTION, file, "toy", 20_000, CLOCK);
    }

    /** A record of metadata takes 512 bytes and a value 128, each in pages. */
    @Test
    void aSparseFileTakesMemoryForWhatIsCounted() throws Exception {
        Path file = directory.resolve("c");
        Counters first = sparse(file).counters();
        assertThat(Files.size(file)).isGreaterThan(12_000_000);
        assertThat(kibibytes(file)).isLessThan(64);
        for (int i = 0; i < 100; i++) {
            first.counter(FRAMES, "toy/q" + i, i).getAndAddOpaque(i);
        }
        long used = kibibytes(file);
        assertThat(used).isBetween(60L, 200L);
        Counters second = sparse(file).counters();
        for (int i = 0; i < 50; i++) {
            assertThat(second.counter(FRAMES, "toy/q" + i, i).getOpaque()).isEqualTo(i);
            second.forget("toy/q" + i);
        }
        for (int i = 0; i < 50; i++) {
            second.counter(BYTES, "toy/q" + i, i).incrementOpaque();
        }
        assertThat(CountersReading.of(LINUX, OPTION, file).values())
                .hasSize(100)
                .contains(value(FRAMES, 99, "toy/q99", 99), value(BYTES, 7, "toy/q7", 1))
                .doesNotContain(value(FRAMES, 7, "toy/q7", 7));
        assertThat(kibibytes(file)).as("what was given up is used again").isLessThan(used + 16);
    }

    /** Who counts does not end of it. */
    @Test
    void whatFindsNoMemoryIsCountedUnseen() {
        UnsafeBuffer header = new UnsafeBuffer(new byte[CountersLayout.HEADER]);
        header.putInt(CountersLayout.EVER_AT, 1);
        Counters counters = Counters.of(new CounterSlots(
                header,
                new UnsafeBuffer(new byte[CountersLayout.metadata(1)]),
                new UnsafeBuffer(new byte[CountersLayout.values(1)]),
                id -> {
                    throw new IOException("No space left on device");
                }));
        AtomicCounter frames = counters.counter(FRAMES, "toy", 0);
        frames.incrementOpaque();
        assertThat(frames.getOpaque()).isEqualTo(1);
    }

    /** Files of builds that did not say how many slots have been used. */
    @Test
    void aFileOfAnOlderBuildIsReadAndGoneOnWith() throws Exception {
        Path file = directory.resolve("c");
        create(file, 3).counters().counter(FRAMES, "toy", 0).incrementOpaque();
        byte[] old = Files.readAllBytes(file);
        Arrays.fill(old, CountersLayout.EVER_AT, CountersLayout.EVER_AT + Integer.BYTES, (byte) 0);
        Files.write(file, old);
        assertThat(CountersReading.of(LINUX, OPTION, file).values()).containsExactly(value(FRAMES, 0, "toy", 1));
        Counters next = create(file, 3).counters();
        next.counter(BYTES, "toy", 0);
        next.counter(FRAMES, "toy", 0).incrementOpaque();
        assertThat(CountersReading.of(LINUX, OPTION, file).values())
                .containsExactlyInAnyOrder(value(FRAMES, 0, "toy", 2), value(BYTES, 0, "toy", 0));
    }

    @Test
    void anOwnersPartIsTold() {
        Path file = directory.resolve("c");
        Counters counters = create(file, 3).counters();
        counters.counter(FRAMES, "7.1/_net1/q0", 0);
        counters.counter(FRAMES, "7.1/_net10/q0", 0);
        assertThat(CountersReading.of(LINUX, OPTION, file).of("7.1/_net1").values())
                .containsExactly(value(FRAMES, 0, "7.1/_net1/q0", 0));
    }

    /** A bucket holds what takes at most its bound, and longer than the bound before. */
    @Test
    void timesFallIntoBuckets() {
        assertThat(Histogram.bound(0)).isEqualTo(4096);
        assertThat(Histogram.bound(9)).isEqualTo(1 << 30);
        for (long nanos :
                new long[] {-1, 0, 1, 4095, 4096, 4097, 1 << 14, (1 << 14) + 1, 1 << 30, (1 << 30) + 1, 1L << 62}) {
            int bucket = Histogram.bucket(nanos);
            assertThat(nanos).isLessThanOrEqualTo(Histogram.bound(bucket));
            assertThat(bucket == 0 || nanos > Histogram.bound(bucket - 1))
                    .as("%d", nanos)
                    .isTrue();
        }
        Path file = directory.resolve("c");
        Histogram times = create(file, Histogram.count()).counters().histogram(FRAMES, "toy", 0);
        times.record(5000);
        times.record(7000);
        times.record(Long.MAX_VALUE / 2);
        assertThat(CountersReading.of(LINUX, OPTION, file).values())
                .filteredOn(value -> value.value() > 0)
                .extracting(CountersReading.Value::name, CountersReading.Value::value)
                .containsExactly(
                        tuple("frames<=16384ns", 2L),
                        tuple("frames-more", 1L),
                        tuple("frames-sum-ns", 12000 + Long.MAX_VALUE / 2));
    }

    @Test
    void whoeverWroteItIsKnownByMoreThanItsNumber() throws Exception {
        Path file = directory.resolve("c");
        create(file, 1);
        byte[] bytes = Files.readAllBytes(file);
        bytes[CountersLayout.TICKS_AT]++; // of a process that had the same number
        Files.write(file, bytes);
        assertThat(CountersReading.of(LINUX, OPTION, file).isAlive()).isFalse();
        assertThat(ProcessStat.parse("7 (a) b) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99 20"))
                .isEqualTo(new ProcessStat('Z', 99));
    }

    @Test
    void thereIsNoRoomForMoreThanWasAskedFor() {
        Counters counters = create(directory.resolve("c"), 1).counters();
        counters.counter(FRAMES, "a", 0);
        assertThatThrownBy(() -> counters.counter(FRAMES, "b", 0)).isInstanceOf(IllegalStateException.class);
    }

    /** The writer may have been broken by its guest: a reader says so in one line, and does not crash or print controls. */
    @Test
    void aFileThatLiesIsReadWithoutHarm() throws Exception {
        Path file = directory.resolve("c");
        create(file, 8).counters().counter(FRAMES, "toy\u001b[2J/q1", 0);
        assertThat(CountersReading.of(LINUX, OPTION, file).values().getFirst().owner())
                .isEqualTo("toy?[2J/q1");
        byte[] good = Files.readAllBytes(file);
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bad = good.clone();
            for (int j = 0; j < 1 + i % 40; j++) {
                int at = random.nextBoolean() ? random.nextInt(64) : CountersLayout.HEADER + random.nextInt(600);
                bad[at] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try {
                assertThat(CountersReading.of(LINUX, OPTION, file).values()).hasSizeLessThanOrEqualTo(8);
            } catch (IllegalArgumentException e) {
                refused++;
                assertThat(e.getMessage()).startsWith("--counters=").hasLineCount(1);
            }
        }
        assertThat(refused).isPositive();
        for (byte[] cut : List.of(new byte[0], new byte[CountersLayout.HEADER], new byte[CountersLayout.HEADER + 1])) {
            Files.write(file, cut);
            assertThatThrownBy(() -> CountersReading.of(LINUX, OPTION, file))
                    .hasMessageContaining("no file of counters");
        }
    }

    @Test
    void hiddenCountersCountToo() {
        AtomicCounter frames = Counters.hidden().counter(FRAMES, "toy", 0);
        frames.incrementOpaque();
        assertThat(frames.getOpaque()).isOne();
    }
}
