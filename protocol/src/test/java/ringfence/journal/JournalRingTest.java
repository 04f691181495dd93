package ringfence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;

/** A VMM's ring, as its writer fills it and as readers find it. */
@Timeout(60)
class JournalRingTest {
    private static final int TAIL = JournalLayout.trailer(JournalLayout.CAPACITY) + JournalLayout.TAIL;

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private RingWriter writer;

    @BeforeEach
    void aRing() throws IOException {
        writer = RingWriter.create(linux, folder, "/run/vm.sock");
    }

    @AfterEach
    void ends() {
        writer.close();
    }

    private RingReader reader(boolean consuming) throws RingException {
        return RingReader.open(linux, writer.path(), consuming);
    }

    private static List<JournalEvent> read(RingReader ring, boolean abandoned) {
        List<JournalEvent> events = new ArrayList<>();
        long position = ring.begin();
        while (true) {
            switch (ring.at(position, abandoned)) {
                case Step.Taken(byte[] bytes, long next) -> {
                    events.add(JournalEvent.of(bytes));
                    position = next;
                }
                case Step.Passed(long next) -> position = next;
                case Step.Nothing _ -> {
                    return events;
                }
                case Step.Broken(String why) -> throw new AssertionError(why);
            }
        }
    }

    private static List<String> names(List<JournalEvent> events) {
        return events.stream().map(JournalEvent::name).toList();
    }

    /** Writes a word into the file, as a VMM that lies may. */
    private void poke(long offset, long value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(writer.path().toFile(), "rw")) {
            file.seek(offset);
            file.writeLong(Long.reverseBytes(value));
        }
    }

    private void pokeInt(long offset, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(writer.path().toFile(), "rw")) {
            file.seek(offset);
            file.writeInt(Integer.reverseBytes(value));
        }
    }

    @Test
    void whatIsRecordedIsRead() throws Exception {
        long before = System.currentTimeMillis();
        assertThat(writer.record("vm", "booted", List.of())).isTrue();
        writer.record("ringfence", "device-lost", List.of("id", "d0", "reason", "hangs up \ud83d\ude00 \u0007"));
        writer.record("ringfence", "long", List.of("text", "x".repeat(5000)));
        try (RingReader ring = reader(false)) {
            assertThat(ring.label()).isEqualTo("/run/vm.sock");
            List<JournalEvent> events = read(ring, false);
            assertThat(names(events)).containsExactly("booted", "device-lost", "long");
            assertThat(events.getFirst().source()).isEqualTo("vm");
            assertThat(events.getFirst().properties()).isEmpty();
            assertThat(events.getFirst().millis()).isBetween(before, System.currentTimeMillis());
            assertThat(events.getFirst().nanos()).isBetween(0L, events.get(1).nanos());
            assertThat(events.get(1).properties())
                    .isEqualTo(Map.of("id", "d0", "reason", "hangs up \ud83d\ude00 \u0007"));
            assertThat(events.get(2).properties().get("text")).hasSize(JournalLayout.MAX_CHARS);
            assertThat(read(ring, false)).as("nothing was consumed").hasSize(3);
        }
    }

    @Test
    void aRingThatIsFullDropsAndCountsAndTellsTheCountWhenThereIsRoom() throws Exception {
        int fit = 0;
        while (writer.record("vm", "event-" + fit, List.of())) {
            fit++;
        }
        assertThat(fit).isGreaterThan(1000);
        assertThat(writer.record("vm", "dropped", List.of())).isFalse();
        try (RingReader ring = reader(true)) {
            assertThat(ring.lost()).isEqualTo(2);
            assertThat(read(ring, false)).hasSize(fit).allMatch(event -> event.lostBefore() == 0);
            Step.Taken first = (Step.Taken) ring.at(0, false);
            assertThat(ring.consume(first.next())).isTrue();
            assertThat(writer.record("vm", "x", List.of())).isTrue();
            List<JournalEvent> events = read(ring, false);
            assertThat(events.getLast().lostBefore()).isEqualTo(2);
            assertThat(ring.lost()).isZero();
        }
    }

    /** Many rounds through the ring, with records of all sizes, from threads that know nothing of each other. */
    @Test
    void eachRecordIsReadOnceAndInOrderHoweverOftenTheRingIsFilled() throws Exception {
        int threads = 3;
        int each = 5000;
        List<Thread> producers = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            String source = "t" + thread;
            producers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; ) {
                    if (writer.record(source, Integer.toString(i), List.of("text", "y".repeat(i % 300)))) {
                        i++;
                    }
                }
            }));
        }
        int[] next = new int[threads];
        try (RingReader ring = reader(true)) {
            long position = 0;
            for (int read = 0; read < threads * each; ) {
                switch (ring.at(position, false)) {
                    case Step.Taken(byte[] bytes, long after) -> {
                        JournalEvent event = JournalEvent.of(bytes);
                        int thread = event.source().charAt(1) - '0';
                        assertThat(event.name()).isEqualTo(Integer.toString(next[thread]++));
                        read++;
                        position = after;
                    }
                    case Step.Passed(long after) -> position = after;
                    case Step.Nothing _ -> assertThat(ring.consume(position)).isTrue();
                    case Step.Broken(String why) -> throw new AssertionError(why);
                }
            }
        }
        for (Thread producer : producers) {
            producer.join();
        }
    }

    /** What is read beside somebody who consumes is whole, in order, and behind what he has consumed. */
    @Test
    void aReaderBesideTheConsumerSeesNoHalfOfARecord() throws Exception {
        Thread both = Thread.ofPlatform().start(this::recordAndConsume);
        int last = -1;
        try (RingReader ring = reader(false)) {
            while (both.isAlive()) {
                if (ring.at(ring.begin(), false) instanceof Step.Taken(byte[] bytes, long _)) {
                    JournalEvent event = JournalEvent.of(bytes);
                    int number = Integer.parseInt(event.name());
                    assertThat(number).isGreaterThanOrEqualTo(last);
                    assertThat(event.properties().get("text")).isEqualTo("z".repeat(number % 500));
                    last = number;
                }
            }
        } finally {
            both.join();
        }
        assertThat(last).isPositive();
    }

    private void recordAndConsume() {
        try (RingReader consumer = reader(true)) {
            long position = 0;
            for (int i = 0; i < 20_000; i++) {
                writer.record("vm", Integer.toString(i), List.of("text", "z".repeat(i % 500)));
                if (consumer.at(position, false) instanceof Step.Passed(long next)) {
                    position = next;
                }
                if (consumer.at(position, false) instanceof Step.Taken taken) {
                    position = taken.next();
                }
                consumer.consume(position);
            }
        } catch (RingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aWriterIsGoneWhenItsLockIs() throws Exception {
        try (RingReader ring = reader(false)) {
            assertThat(ring.isAbandoned()).isFalse();
            writer.close();
            assertThat(ring.isAbandoned()).isTrue();
        }
    }

    /** A record that was claimed and not committed is awaited while its writer lives, and passed when it is dead. */
    @Test
    void whatADeadWriterHasClaimedIsPassed() throws Exception {
        writer.record("vm", "before", List.of());
        try (RingReader ring = reader(false)) {
            long at = ring.tail();
            writer.record("vm", "claimed", List.of());
            long after = ring.tail();
            writer.record("vm", "after", List.of());
            int length = (int) (after - at);
            pokeInt(JournalLayout.PAGE + at, -length);
            assertThat(names(read(ring, false))).containsExactly("before");
            assertThat(names(read(ring, true))).containsExactly("before", "after");
            for (int i = 0; i < length; i += Long.BYTES) { // it died before it had said how much
                poke(JournalLayout.PAGE + at + i, 0);
            }
            assertThat(names(read(ring, false))).containsExactly("before");
            assertThat(names(read(ring, true))).containsExactly("before", "after");
            poke(TAIL, ring.tail() + 64); // and one that was claimed last
            assertThat(names(read(ring, true))).containsExactly("before", "after");
        }
    }

    @Test
    void aRingThatLiesIsBrokenAndNothingElse() throws Exception {
        writer.record("vm", "first", List.of());
        Random random = new Random(7);
        try (RingReader ring = reader(true)) {
            for (long length : new long[] {1, 7, Integer.MAX_VALUE, JournalLayout.CAPACITY + 8}) {
                pokeInt(JournalLayout.PAGE, (int) length);
                assertThat(ring.at(0, false)).isInstanceOf(Step.Broken.class);
            }
            pokeInt(JournalLayout.PAGE, Integer.MIN_VALUE);
            assertThat(ring.at(0, true)).isInstanceOf(Step.Broken.class);
            poke(TAIL, Long.MAX_VALUE);
            assertThat(ring.at(0, false)).isInstanceOf(Step.Broken.class);
            poke(TAIL, -1);
            assertThat(ring.at(0, false)).isInstanceOf(Step.Broken.class);
            for (int i = 0; i < 20_000; i++) { // whatever is there: a bounded number of steps, each forward
                poke(TAIL, random.nextInt(4) == 0 ? random.nextLong() : 8L * random.nextInt(100));
                poke(JournalLayout.PAGE + 8L * random.nextInt(64), random.nextLong() >>> random.nextInt(64));
                long position = 0;
                while (true) {
                    Step step = ring.at(position, random.nextBoolean());
                    long next = switch (step) {
                        case Step.Taken(byte[] bytes, long after) -> {
                            JournalEvent.of(bytes);
                            yield after;
                        }
                        case Step.Passed(long after) -> after;
                        default -> -1;
                    };
                    if (next < 0) {
                        break;
                    }
                    assertThat(next).isGreaterThan(position).isLessThanOrEqualTo(JournalLayout.CAPACITY);
                    position = next;
                }
            }
        }
    }

    @Test
    void aFileThatIsCutIsBroken() throws Exception {
        writer.record("vm", "first", List.of());
        try (RingReader ring = reader(true)) {
            try (RandomAccessFile file = new RandomAccessFile(writer.path().toFile(), "rw")) {
                file.setLength(0);
            }
            assertThat(ring.at(0, false)).isInstanceOf(Step.Broken.class);
            assertThat(ring.consume(8)).isFalse();
        }
    }

    @Test
    void aFileThatIsNoRingIsRefused() throws Exception {
        Path file = folder.resolve("vm-1-a.ring");
        byte[] ring = Files.readAllBytes(writer.path());
        for (int offset : new int[] {JournalLayout.MAGIC_AT, JournalLayout.VERSION_AT, JournalLayout.CAPACITY_AT}) {
            byte[] wrong = ring.clone();
            ByteBuffer.wrap(wrong).order(ByteOrder.nativeOrder()).putInt(offset, 12345);
            Files.write(file, wrong);
            assertThatThrownBy(() -> RingReader.open(linux, file, true)).isInstanceOf(RingException.class);
        }
        Files.write(file, new byte[10]);
        assertThatThrownBy(() -> RingReader.open(linux, file, true)).isInstanceOf(RingException.class);
        Path link = Files.createSymbolicLink(folder.resolve("vm-2-a.ring"), writer.path());
        assertThatThrownBy(() -> RingReader.open(linux, link, true)).isInstanceOf(RingException.class);
    }

    @Test
    void aRecordThatBreaksTheRulesIsAnEventOfThatName() {
        assertThat(JournalEvent.of(new byte[3]).name()).isEqualTo("unreadable-record");
        byte[] record = JournalEvent.lost(1, 2, 3);
        assertThat(JournalEvent.of(record)).extracting("source", "lostBefore").containsExactly("", 3L);
        byte[] cut = new byte[record.length + 4];
        cut[record.length] = 9;
        assertThat(JournalEvent.of(cut).name()).isEqualTo("unreadable-record");
        assertThat(JournalLayout.TAIL).isEqualTo(RingBufferDescriptor.TAIL_POSITION_OFFSET);
    }

    @Test
    void recordingAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<String> properties = List.of("id", "d0");
        record(20_000, properties); // links and compiles
        long before = threads.getCurrentThreadAllocatedBytes();
        record(100_000, properties);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4096);
    }

    /** Most of them are dropped, and counted. */
    private void record(int times, List<String> properties) {
        for (int i = 0; i < times; i++) {
            writer.record("virtio-device", "reset", properties);
        }
    }

    @Test
    void oldRingsOfTheDeadGoWhereNobodyDrainsThem() throws Exception {
        for (int i = 0; i < 70; i++) {
            Path copy = Rings.file(folder, Rings.name(1000 + i, 1000 + i));
            Files.copy(writer.path(), copy);
        }
        Rings.prune(linux, folder);
        assertThat(Rings.names(folder))
                .hasSize(64)
                .doesNotContain(Rings.name(1000, 1000), Rings.name(1006, 1006))
                .contains(Rings.name(1007, 1007));
        assertThat(writer.path()).exists();
    }

    @Test
    void theFolderIsTheUsersOrWhatTheVariableNames() {
        assertThat(Rings.folder(0, null)).contains(Path.of("/run/ringfence/journal"));
        assertThat(Rings.folder(0, "/x")).contains(Path.of("/x"));
        assertThat(Rings.folder(0, "none")).isEmpty();
    }
}
