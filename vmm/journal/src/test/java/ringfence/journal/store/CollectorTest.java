package ringfence.journal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.journal.JournalEvent;
import ringfence.journal.RingWriter;
import ringfence.journal.Rings;
import ringfence.linux.Linux;

/** From rings into queues, and back out of both. */
@Timeout(120)
@SuppressWarnings("try") // VMMs end before their tests do
class CollectorTest {
    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final List<String> complaints = new ArrayList<>();
    private Instant now; // null: the host's
    private Path rings;
    private Path store;

    @BeforeEach
    void folders() {
        rings = folder.resolve("rings");
        store = folder.resolve("store");
    }

    private RingWriter ring() throws IOException {
        return RingWriter.create(linux, rings, "/run/vm.sock");
    }

    private Collector collector(Retention retention) throws IOException {
        return Collector.open(linux, rings, store, retention, () -> now == null ? Instant.now() : now, complaints::add);
    }

    private Collector collector() throws IOException {
        return collector(Retention.DEFAULT);
    }

    private static String name(RingWriter ring) {
        return ring.path().getFileName().toString().replace(Rings.SUFFIX, "");
    }

    private static void record(RingWriter ring, int from, int to) {
        for (int i = from; i < to; i++) {
            ring.record("vm", Integer.toString(i), List.of("text", "x".repeat(i % 200)));
        }
    }

    private static void drain(Collector collector) throws IOException {
        while (collector.turn()) {}
    }

    private List<JournalEvent> events(String name) throws IOException {
        try (VmSource source = new VmSource(linux, rings, store, name)) {
            return events(source);
        }
    }

    private static List<JournalEvent> events(VmSource source) throws IOException {
        List<JournalEvent> events = new ArrayList<>();
        Optional<JournalEvent> next;
        while ((next = source.poll()).isPresent()) {
            events.add(next.get());
        }
        return events;
    }

    private static void assertNumbers(List<JournalEvent> events, int from, int to) {
        assertThat(events.stream().map(JournalEvent::name))
                .containsExactlyElementsOf(
                        IntStream.range(from, to).mapToObj(Integer::toString).toList());
    }

    @Test
    void eventsAreReadOnceWithoutAJournalBesideOneAndBehindOne() throws Exception {
        try (RingWriter ring = ring();
                VmSource follower = new VmSource(linux, rings, store, name(ring))) {
            assertThat(follower.label()).isEqualTo("/run/vm.sock");
            record(ring, 0, 500);
            assertNumbers(events(follower), 0, 500);
            record(ring, 500, 800);
            try (Collector collector = collector()) {
                drain(collector); // what the follower has seen, and what it has not
                assertNumbers(events(follower), 500, 800);
                record(ring, 800, 1000);
                assertNumbers(events(follower), 800, 1000);
                drain(collector);
                assertThat(events(follower)).isEmpty();
                assertNumbers(events(name(ring)), 0, 1000);
                record(ring, 1000, 1001);
                ring.close();
                drain(collector);
                assertThat(ring.path()).doesNotExist();
                assertNumbers(events(follower), 1000, 1001);
            }
            assertNumbers(events(name(ring)), 0, 1001);
            assertThat(Store.label(store.resolve(name(ring)))).isEqualTo("/run/vm.sock");
        }
    }

    /** It goes on behind the last excerpt, whatever the ring says. */
    @Test
    void aSuccessorTakesNothingTwiceThatWasNotGivenBack() throws Exception {
        try (RingWriter ring = ring()) {
            record(ring, 0, 100);
            byte[] before = Files.readAllBytes(ring.path());
            try (Collector collector = collector()) {
                drain(collector);
            }
            try (RandomAccessFile file = new RandomAccessFile(ring.path().toFile(), "rw")) {
                file.write(before); // as it is when the first one was killed before it gave anything back
            }
            record(ring, 100, 150);
            try (Collector collector = collector()) {
                drain(collector);
                assertNumbers(events(name(ring)), 0, 150);
                ring.close();
                drain(collector);
                assertThat(ring.path()).doesNotExist();
            }
            assertNumbers(events(name(ring)), 0, 150);
        }
    }

    @Test
    void whatADeadVmmHasDroppedLastIsToldOnce() throws Exception {
        try (RingWriter ring = ring()) {
            int fit = 0;
            while (ring.record("vm", "x", List.of())) {
                fit++;
            }
            ring.close();
            List<JournalEvent> alone = events(name(ring));
            assertThat(alone).hasSize(fit + 1);
            assertThat(alone.getLast()).extracting("source", "lostBefore").containsExactly("", 1L);
            try (Collector collector = collector()) {
                drain(collector);
            }
            List<JournalEvent> kept = events(name(ring));
            assertThat(kept).hasSize(fit + 1);
            assertThat(kept.getLast()).extracting("source", "lostBefore").containsExactly("", 1L);
        }
    }

    @Test
    void aRingThatLiesCostsItsVmAndNobodyElse() throws Exception {
        try (RingWriter liar = ring()) {
            record(liar, 0, 10);
            try (RandomAccessFile file = new RandomAccessFile(liar.path().toFile(), "rw")) {
                file.seek(4096);
                file.writeInt(1); // far more than there is, in our byte order
            }
            Files.writeString(rings.resolve("vm-1-a.ring"), "no ring");
            Thread.sleep(2); // another name
            try (RingWriter other = ring();
                    Collector collector = collector()) {
                record(other, 0, 10);
                drain(collector);
                assertNumbers(events(name(other)), 0, 10);
                assertThat(complaints).hasSize(2);
                liar.close();
                collector.turn();
                assertThat(liar.path()).doesNotExist();
                assertThat(rings.resolve("vm-1-a.ring")).exists();
            }
        }
    }

    @Test
    void aVmThatFloodsIsDroppedAndCountedAtItsBound() throws Exception {
        Retention small = new Retention(Duration.ofDays(1), 1L << 30, 1 << 20);
        try (RingWriter ring = ring();
                Collector collector = collector(small)) {
            for (int i = 0; i < 40; i++) {
                record(ring, 0, 500);
                drain(collector);
            }
            Path queue = store.resolve(name(ring));
            try (Stream<Path> files = Files.list(queue)) {
                assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isLessThan(3 << 20);
            }
            try (VmSource source = new VmSource(linux, rings, store, name(ring))) {
                assertThat(events(source)).hasSizeLessThan(20_000);
            }
            now = Instant.now().plus(Duration.ofHours(1)); // as far as the bound is concerned
            record(ring, 0, 1);
            drain(collector);
            ring.close();
            drain(collector);
            List<JournalEvent> events = events(name(ring));
            assertThat(events.getLast().name()).isEqualTo("0");
            assertThat(events.size() + events.getLast().lostBefore()).isEqualTo(20_001);
        }
    }

    @Test
    void filesGoByAgeAndSizeTheOldestFirst() throws Exception {
        Instant now = Instant.parse("2026-11-28T20:00:00Z");
        Path dead = queue("vm-1-a", now, 30, 20, 10);
        Path alive = queue("vm-2-b", now, 40, 5);
        Retention retention = new Retention(Duration.ofHours(35), 1 << 20, 1 << 20);
        assertThat(retention.apply(store, Set.of("vm-2-b"), now.toEpochMilli())).containsExactly("vm-2-b");
        assertThat(names(dead)).as("young enough").hasSize(3);
        assertThat(names(alive)).as("one was too old").hasSize(1);
        new Retention(Duration.ofHours(35), 1 << 20, 250).apply(store, Set.of("vm-2-b"), now.toEpochMilli());
        assertThat(names(dead)).as("two are within a VM's size").hasSize(2);
        new Retention(Duration.ofHours(35), 150, 250).apply(store, Set.of("vm-2-b"), now.toEpochMilli());
        assertThat(dead).as("the other one's are older").doesNotExist();
        assertThat(names(alive)).as("its newest stays while it runs").hasSize(1);
        new Retention(Duration.ofHours(1), 1 << 20, 1 << 20).apply(store, Set.of(), now.toEpochMilli());
        assertThat(alive).doesNotExist();
    }

    /** Of a VM that is gone, and of one that runs. */
    @Test
    void whatStaysIsReadWhenFilesHaveGone() throws Exception {
        Path dead = store.resolve("vm-1-a");
        try (RingWriter ring = ring()) {
            for (Path queue : List.of(dead, store.resolve(name(ring)))) {
                Files.createDirectories(queue);
                hours(queue, 3);
            }
            record(ring, 0, 1);
            try (Collector collector = collector()) {
                drain(collector);
            }
            assertThat(events("vm-1-a")).hasSize(2);
            assertThat(events(name(ring))).hasSize(3);
        }
    }

    /** A record in each of so many hours of this day, the first of which is too old to be kept. */
    private static void hours(Path queue, int count) throws IOException {
        long hour = Instant.now().truncatedTo(ChronoUnit.DAYS).toEpochMilli() - Duration.ofDays(1).toMillis();
        for (int i = 0; i < count; i++) {
            long then = hour + Duration.ofHours(i).toMillis();
            try (SingleChronicleQueue written =
                    VmQueue.builder(queue).timeProvider(() -> then).build()) {
                byte[] record = JournalEvent.lost(0, then, i + 1);
                long next = (long) i - count; // before all of a ring
                written.createAppender().writeBytes(out -> out.writeLong(next).write(record));
            }
        }
        Files.setLastModifiedTime(
                queue.resolve(VmQueue.fileOf(hour)), FileTime.from(Instant.now().minus(Duration.ofDays(15))));
    }

    private Path queue(String name, Instant now, int... hoursAgo) throws IOException {
        Path queue = Files.createDirectories(store.resolve(name));
        Files.writeString(queue.resolve("label"), "");
        for (int hours : hoursAgo) {
            Path file = Files.write(queue.resolve("20261128-" + (99 - hours) + VmQueue.SUFFIX), new byte[100]);
            Files.setLastModifiedTime(file, FileTime.from(now.minus(Duration.ofHours(hours))));
        }
        return queue;
    }

    private static List<Path> names(Path queue) throws IOException {
        try (Stream<Path> files = Files.list(queue)) {
            return files.filter(file -> file.toString().endsWith(VmQueue.SUFFIX)).toList();
        }
    }

    @Test
    void aStoreHasOneWriter() throws Exception {
        try (Collector _ = collector()) {
            assertThatThrownBy(this::collector)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("another ringfence-journal");
        }
    }

    @Test
    void theStoreIsTheSystemsOrTheUsers() {
        assertThat(Store.folder(0, "/x")).isEqualTo(Path.of("/var/lib/ringfence/journal"));
        assertThat(Store.folder(7, "/x")).isEqualTo(Path.of("/x/ringfence/journal"));
        assertThat(Store.folder(7, null)).startsWithRaw(Path.of(System.getProperty("user.home")));
    }
}
