package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.blk.TestGuest;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.blk.request.Operation;
import ringfence.linux.Linux;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.telemetry.CountersReading;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;

/** How long reads and writes take, as others see it. */
class BlkCountersTest {
    private static final String NAME = "disk/q0";

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private Path path;
    private Counters source;

    @BeforeEach
    void opens() {
        path = folder.resolve("counters");
        source = CountersFile.create("c", path, "vhost-user-blk", BlkCounters.count(), Clock.systemUTC())
                .counters();
    }

    /** By the name; how many of a histogram, and their sum, by the label and the kind. */
    private Map<String, Long> read() {
        Map<String, Long> found = new TreeMap<>();
        for (CountersReading.Value value : CountersReading.of(linux, "c", path).values()) {
            boolean part = value.kind() == CounterKind.BUCKET || value.kind() == CounterKind.SUM;
            found.merge(part ? value.label() + " " + value.kind() : value.label(), value.value(), Long::sum);
        }
        return found;
    }

    @Test
    void readsAndWritesThatAreTimedAreToldApart() {
        BlkCounters counters = new BlkCounters(source, NAME, 0);
        assertThat(read()).containsEntry("read-latency-min-us", 0L).containsEntry("read-latency-max-us", 0L);
        for (long nanos : new long[] {50_000, 7_999, 400_000}) {
            counters.done(Operation.READ, 512, true);
            counters.took(nanos);
        }
        counters.done(Operation.WRITE, 512, true);
        counters.took(300);
        assertThat(read())
                .containsEntry("read-latency-min-us", 7L)
                .containsEntry("read-latency-max-us", 400L)
                .containsEntry("read-latency BUCKET", 3L)
                .containsEntry("read-latency SUM", 457_999L)
                .as("less than a microsecond is one: 0 is none")
                .containsEntry("write-latency-min-us", 1L)
                .containsEntry("write-latency-max-us", 1L)
                .containsEntry("write-latency BUCKET", 1L);
    }

    /** A read has ended before each, and is not what was timed. */
    @Test
    void whatIsNeitherOrHasFailedIsNotAmongThem() {
        BlkCounters counters = new BlkCounters(source, NAME, 0);
        Runnable[] others = {
            counters::answered,
            () -> counters.done(Operation.READ, 512, false),
            () -> counters.done(Operation.FLUSH, 0, true),
            () -> counters.done(Operation.DISCARD, 512, true)
        };
        for (Runnable other : others) {
            counters.done(Operation.READ, 512, true);
            other.run();
            counters.took(1_000_000);
        }
        assertThat(read()).containsEntry("read-latency BUCKET", 0L).containsEntry("read-latency-max-us", 0L);
    }

    @Test
    void aSuccessorGoesOn() {
        BlkCounters first = new BlkCounters(source, NAME, 0);
        first.done(Operation.WRITE, 512, true);
        first.took(20_000);
        BlkCounters second = new BlkCounters(source, NAME, 0);
        second.done(Operation.WRITE, 512, true);
        second.took(30_000);
        assertThat(read()).containsEntry("write-latency-min-us", 20L).containsEntry("write-latency-max-us", 30L);
    }

    /** Each engine says what it has done, also where it needs no image for that. */
    @Test
    void theEngineThatIsToldOfATimeKnowsWhatTookIt() {
        for (EngineChoice choice : new EngineChoice[] {EngineChoice.PLAIN, EngineChoice.URING}) {
            opens();
            try (TestDisk disk = new TestDisk(linux, Place.CACHED, choice, source);
                    TestGuest guest = new TestGuest(linux, 64);
                    QueueEngine engine = disk.device.engine(0, guest.memory())) {
                guest.request(engine, BlkLayout.T_IN, 0, TestGuest.DATA, 4096);
                engine.timed(5_000);
                guest.request(engine, BlkLayout.T_OUT, 0, TestGuest.DATA, 4096);
                engine.timed(6_000);
                guest.request(engine, BlkLayout.T_GET_ID, 0, TestGuest.DATA, 20);
                engine.timed(7_000);
                guest.request(engine, BlkLayout.T_OUT, -1, TestGuest.DATA, 512);
                engine.timed(8_000);
            }
            assertThat(read())
                    .as("%s", choice)
                    .containsEntry("read-latency SUM", 5_000L)
                    .containsEntry("write-latency SUM", 6_000L);
            source.forget("disk/q0");
        }
    }
}
