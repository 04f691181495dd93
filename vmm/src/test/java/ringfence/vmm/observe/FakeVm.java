package ringfence.vmm.observe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.telemetry.Histogram;

/** The directory of a VM whose VMM is this process, with one disk. */
final class FakeVm {
    static final CounterType CHAINS = total(1, "chains");
    static final CounterType READ_BYTES = total(301, "read-bytes");
    private static final CounterType LATENCY = total(9, "latency");

    final Path directory;
    final Counters disk;
    final Histogram latency;
    private final Counters vmm;

    FakeVm(Path folder, String socket) throws Exception {
        directory = Files.createDirectories(
                folder.resolve("vm-" + ProcessHandle.current().pid()));
        CountersFile file = CountersFile.create("c", directory.resolve("counters"), "ringfence", 20, Clock.systemUTC());
        file.title(socket);
        vmm = file.counters();
        set(gauge(400, "state"), "vm", 1);
        set(gauge(401, "vcpus"), "vm", 2);
        set(gauge(402, "memory-bytes"), "vm", 512 << 20);
        set(gauge(406, "device-state"), "device/_disk0", 1);
        set(gauge(406, "device-state"), "device/_net1", 3);
        set(total(407, "reconnects"), "device/_disk0", 4);
        set(gauge(408, "last-gap-us"), "device/_disk0", 2500);
        disk = CountersFile.create("c", directory.resolve("_disk0.counters"), "vhost-user-blk", 40, Clock.systemUTC())
                .counters();
        latency = disk.histogram(LATENCY, "blk0/q1", 1);
    }

    static CounterType total(int id, String label) {
        return new CounterType(id, label, "what " + label + " are \\ were");
    }

    static CounterType gauge(int id, String label) {
        return new CounterType(id, label, CounterKind.GAUGE, "what " + label + " is");
    }

    void set(CounterType type, String owner, long value) {
        vmm.counter(type, owner, 0).setRelease(value);
    }

    void count(CounterType type, long more) {
        disk.counter(type, "blk0/q1", 1).getAndAddOpaque(more);
    }
}
