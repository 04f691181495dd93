package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;

/** What {@code vm.counters} tells of a disk: all of its queues together, in Cloud Hypervisor's words. */
class DaemonCountersTest {
    @TempDir
    Path folder;

    private static void count(Counters all, String label, CounterKind kind, int queue, long value) {
        all.counter(new CounterType(300 + label.length(), label, kind, "what it is"), "blk0/q" + queue, queue)
                .setRelease(value);
    }

    private static void time(Counters all, String label, int queue, long nanos) {
        all.histogram(new CounterType(400, label, "what it is"), "blk0/q" + queue, queue)
                .record(nanos);
    }

    @Test
    void theQueuesOfADiskAreSummedUp() {
        Path file = folder.resolve("d.counters");
        Counters all = CountersFile.create("c", file, "vhost-user-blk", 100, Clock.systemUTC())
                .counters();
        long[][] least = {{0, 90}, {1, 7}, {2, 0}}; // the last one has timed none
        for (long[] queue : least) {
            count(all, "read-bytes", CounterKind.TOTAL, (int) queue[0], 4096);
            count(all, "read-latency-min-us", CounterKind.GAUGE, (int) queue[0], queue[1]);
            count(all, "read-latency-max-us", CounterKind.GAUGE, (int) queue[0], queue[1] * 2);
        }
        time(all, "read-latency", 0, 100_000);
        time(all, "read-latency", 1, 10_000);
        time(all, "read-latency", 1, 13_000);
        assertThat(DaemonCounters.read(Linux.system(), file))
                .containsEntry("read_bytes", 3 * 4096L)
                .containsEntry("read_latency_min", 7L)
                .containsEntry("read_latency_max", 180L)
                .containsEntry("read_latency_avg", 41L)
                .containsEntry("write_latency_min", 0L)
                .containsEntry("write_latency_max", 0L)
                .containsEntry("write_latency_avg", 0L)
                .doesNotContainKey("read_latency_min_us");
    }

    /** A switch's file has other VMs' counters, too. */
    @Test
    void ofASwitchOnlyTheDevicesPortIsTold() {
        Path file = folder.resolve("counters");
        Counters all = CountersFile.sparse("c", file, "vhost-user-net", 100, Clock.systemUTC())
                .counters();
        CounterType packets = new CounterType(100, "packets", "what it is");
        all.counter(packets, "7.1/_net1/q0", 0).setRelease(5);
        all.counter(packets, "7.1/_net1/q1", 1).setRelease(6);
        all.counter(packets, "8.1/_net1/q0", 0).setRelease(7);
        all.counter(packets, "net3/q0", 0).setRelease(8);
        assertThat(DaemonCounters.read(Linux.system(), file, "7.1/_net1"))
                .isEqualTo(Map.of("rx_frames", 5L, "tx_frames", 6L));
    }
}
