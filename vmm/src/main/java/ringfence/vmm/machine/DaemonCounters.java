package ringfence.vmm.machine;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import ringfence.linux.Linux;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CountersReading;

/** What a daemon of ours has counted of its device, of all queues together, in Cloud Hypervisor's words where it has one. */
final class DaemonCounters {
    private static final String OPTION = "counters";
    private static final String BLK = "vhost-user-blk";
    private static final String NET = "vhost-user-net";

    private DaemonCounters() {}

    /** By the word; empty if it does not count, or not yet. Waits for nobody. */
    static Map<String, Long> read(Linux linux, Path file) {
        try {
            return words(CountersReading.of(linux, OPTION, file));
        } catch (IllegalArgumentException _) {
            return Map.of(); // it has not begun, or lies
        }
    }

    /** The same of one that serves other VMs, too. @param owner of our device's counters */
    static Map<String, Long> read(Linux linux, Path file, String owner) {
        try {
            return words(CountersReading.of(linux, OPTION, file).of(owner));
        } catch (IllegalArgumentException _) {
            return Map.of();
        }
    }

    private static Map<String, Long> words(CountersReading reading) {
        Map<String, Long> sums = new TreeMap<>();
        for (CountersReading.Value value : reading.values()) {
            if (value.kind() == CounterKind.TOTAL) {
                sums.merge(word(reading.program(), value), value.value(), Long::sum);
            }
        }
        if (reading.program().equals(BLK)) {
            latency("read", reading, sums);
            latency("write", reading, sums);
        }
        return sums;
    }

    /** In microseconds, of all queues; 0: none was timed. */
    private static void latency(String what, CountersReading reading, Map<String, Long> words) {
        long least = 0;
        long most = 0;
        long count = 0;
        long nanos = 0;
        for (CountersReading.Value value : reading.values()) {
            if (value.label().equals(what + "-latency-min-us") && value.value() > 0) {
                least = least == 0 ? value.value() : Math.min(least, value.value());
            } else if (value.label().equals(what + "-latency-max-us")) {
                most = Math.max(most, value.value());
            } else if (value.label().equals(what + "-latency")) {
                count += value.kind() == CounterKind.BUCKET ? value.value() : 0;
                nanos += value.kind() == CounterKind.SUM ? value.value() : 0;
            }
        }
        words.put(what + "_latency_min", least);
        words.put(what + "_latency_max", most);
        words.put(what + "_latency_avg", count > 0 ? nanos / count / 1000 : 0);
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
