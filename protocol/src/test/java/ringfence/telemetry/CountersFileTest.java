package ringfence.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.status.AtomicCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of counters, from the side of its writer and of another process. */
class CountersFileTest {
    private static final String OPTION = "--counters";
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    private enum Kind implements CounterType {
        FRAMES,
        BYTES;

        @Override
        public int id() {
            return 100 + ordinal();
        }

        @Override
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    @TempDir
    Path directory;

    private CountersFile create(Path file, int capacity) {
        return CountersFile.create(OPTION, file, "toy", capacity, CLOCK);
    }

    @Test
    void whatIsCountedIsRead() {
        Path file = directory.resolve("c");
        CountersFile writer = create(file, 4);
        AtomicCounter frames = writer.counters().counter(Kind.FRAMES, "toy/q1", 1);
        AtomicCounter bytes = writer.counters().counter(Kind.BYTES, "toy/q1", 1);
        frames.incrementOpaque();
        bytes.getAndAddOpaque(1L << 40);
        CountersReading reading = CountersReading.of(OPTION, file);
        assertThat(reading.program()).isEqualTo("toy");
        assertThat(reading.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(reading.started()).isEqualTo(NOW);
        assertThat(reading.ended()).isEmpty();
        assertThat(reading.values())
                .containsExactly(
                        new CountersReading.Value(100, 1, "toy/q1", "frames", 1),
                        new CountersReading.Value(101, 1, "toy/q1", "bytes", 1L << 40));
        writer.close();
        frames.incrementOpaque(); // late, and harmless
        assertThat(CountersReading.of(OPTION, file).ended()).contains(NOW);
    }

    /** Another JVM, while the writer counts on: what it prints lies between what was counted before and after. */
    @Test
    void anotherProcessReadsWhileItIsCounted() throws Exception {
        Path file = directory.resolve("c");
        CountersFile writer = create(file, 1);
        AtomicCounter frames = writer.counters().counter(Kind.FRAMES, "toy/q0", 0);
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
            System.out.println(CountersReading.of(OPTION, Path.of(arguments[0]))
                    .values()
                    .getFirst()
                    .value());
        }
    }

    @Test
    void aSuccessorReplacesTheFileAndWhateverElseIsThereStays() throws Exception {
        Path file = directory.resolve("c");
        AtomicCounter old = create(file, 1).counters().counter(Kind.FRAMES, "old", 0);
        create(file, 2).counters().counter(Kind.FRAMES, "new", 0);
        old.incrementOpaque();
        assertThat(CountersReading.of(OPTION, file).values())
                .containsExactly(new CountersReading.Value(100, 0, "new", "frames", 0));
        Path other = Files.writeString(directory.resolve("letter"), "Dear Sir or Madam");
        assertThatThrownBy(() -> create(other, 1)).hasMessageStartingWith("--counters=" + other + ": something else");
        assertThatThrownBy(() -> create(directory, 1)).hasMessageContaining("something else");
        assertThat(other).content().isEqualTo("Dear Sir or Madam");
        assertThatThrownBy(() -> create(directory.resolve("no/where"), 1)).hasMessageContaining("no such directory");
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("c", "letter");
    }

    @Test
    void thereIsNoRoomForMoreThanWasAskedFor() {
        Counters counters = create(directory.resolve("c"), 1).counters();
        counters.counter(Kind.FRAMES, "a", 0);
        assertThatThrownBy(() -> counters.counter(Kind.FRAMES, "b", 0)).isInstanceOf(IllegalStateException.class);
    }

    /** The writer may have been broken by its guest: a reader says so in one line, and does not crash or print controls. */
    @Test
    void aFileThatLiesIsReadWithoutHarm() throws Exception {
        Path file = directory.resolve("c");
        create(file, 8).counters().counter(Kind.FRAMES, "toy\u001b[2J/q1", 0);
        assertThat(CountersReading.of(OPTION, file).values().getFirst().owner()).isEqualTo("toy?[2J/q1");
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
                assertThat(CountersReading.of(OPTION, file).values()).hasSizeLessThanOrEqualTo(8);
            } catch (IllegalArgumentException e) {
                refused++;
                assertThat(e.getMessage()).startsWith("--counters=").hasLineCount(1);
            }
        }
        assertThat(refused).isPositive();
        for (byte[] cut : List.of(new byte[0], new byte[CountersLayout.HEADER], new byte[CountersLayout.HEADER + 1])) {
            Files.write(file, cut);
            assertThatThrownBy(() -> CountersReading.of(OPTION, file)).hasMessageContaining("no file of counters");
        }
    }

    @Test
    void hiddenCountersCountToo() {
        AtomicCounter frames = Counters.hidden().counter(Kind.FRAMES, "toy", 0);
        frames.incrementOpaque();
        assertThat(frames.getOpaque()).isOne();
    }
}
