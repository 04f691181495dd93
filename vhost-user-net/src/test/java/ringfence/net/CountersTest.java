package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.telemetry.CountersFile;
import ringfence.telemetry.CountersReading;

/** What a device counts stands in the file: packets, bytes, drops by reason, kicks, interrupts, batches, empty polls. */
@Timeout(60)
class CountersTest {
    private static final int FRAMES = 50;
    private static final int LENGTH = 100;

    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    @Test
    void whatAQueueDoesStandsInTheFile() throws Exception {
        Path file = directory.resolve("counters");
        CountersFile counters = CountersFile.create("--counters", file, "test", 64, Clock.systemUTC());
        try (NetVm vm = new NetVm(linux, 1, -1, counters.counters());
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            for (int i = 0; i < FRAMES; i++) {
                vm.send(1, new byte[NetVm.HEADER], Frames.plain(LENGTH, i), 4096);
                host.receive();
            }
            vm.send(1, new byte[NetVm.HEADER], new byte[13], 4096);
            Map<String, Long> sent = of(file, 1);
            while (vm.driver(1).publish()) { // until the worker has fallen asleep
                Thread.sleep(1);
            }
            assertThat(sent)
                    .containsEntry("packets", (long) FRAMES)
                    .containsEntry("bytes", (long) FRAMES * LENGTH)
                    .containsEntry("drop-malformed-chain", 1L)
                    .containsEntry("drop-no-receive-buffer", 0L)
                    .containsEntry("chains", FRAMES + 1L);
            assertThat(sent.get("batches")).isBetween(1L, FRAMES + 1L);
            assertThat(sent.get("interrupts")).isPositive();
            assertThat(sent.get("empty-polls")).isPositive();
            assertThat(of(file, 0)).containsEntry("packets", 0L);
        }
    }

    /** A kick counts where it ends a sleep. */
    @Test
    void kicksAreCounted() throws Exception {
        Path file = directory.resolve("counters");
        CountersFile counters = CountersFile.create("--counters", file, "test", 64, Clock.systemUTC());
        try (NetVm vm = new NetVm(linux, 1, -1, counters.counters())) {
            vm.startPair(0);
            for (int i = 1; i <= 3; i++) {
                long sleeps = of(file, 1).get("sleeps");
                while (sleeps < i) {
                    Thread.sleep(1);
                    sleeps = of(file, 1).get("sleeps");
                }
                Thread.sleep(20); // it counts before it sleeps
                vm.send(1, new byte[NetVm.HEADER], Frames.plain(LENGTH, i), 4096);
                assertThat(of(file, 1)).containsEntry("kicks", (long) i);
            }
        }
    }

    private static Map<String, Long> of(Path file, int queue) {
        return CountersReading.of(Linux.system(), "--show-counters", file).values().stream()
                .filter(value -> value.index() == queue)
                .peek(value -> assertThat(value.owner()).isEqualTo("net/q" + queue))
                .collect(Collectors.toMap(CountersReading.Value::name, CountersReading.Value::value));
    }
}
