package ringfence.vmm.machine;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import ringfence.linux.Linux;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CountersReading;

/** What a daemon of ours has counted of its device, of all queues together, in Cloud Hypervisor's words where it has one. */
final class DaemonCounters {
    /** More than 256 queues of a disk have: what lies is not to take our memory. */
    private static final int MOST = 8000;

    private static final String NET = "vhost-user-net";

    private DaemonCounters() {}

    /** By the word; empty if it does not count, or not yet. Waits for nobody. */
    static Map<String, Long> read(Linux linux, Path file) {
        Map<String, Long> sums = new TreeMap<>();
        try {
            CountersReading reading = CountersReading.of(linux, "counters", file, MOST);
            for (CountersReading.Value value : reading.values()) {
                if (value.kind() == CounterKind.TOTAL) {
                    sums.merge(word(reading.program(), value), value.value(), Long::sum);
                }
            }
        } catch (IllegalArgumentException _) {
            return Map.of(); // it has not begun, or lies
        }
        return sums;
    }

    private static String word(String program, CountersReading.Value value) {
        if (program.equals(NET)) {
            String way = value.index() % 2 == 0 ? "rx_" : "tx_";
            switch (value.label()) {
                case "packets" -> {
                    return way + "frames";
                }
                case "bytes" -> {
                    return way + "bytes";
                }
                default -> {} // of both ways together
            }
        }
        return value.label().replace('-', '_');
    }
}
