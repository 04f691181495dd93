package ringfence.vmm.observe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.CountersReading.Value;
import ringfence.telemetry.ProcessStat;

/**
 * A VM whose VMM lives, at one moment.
 *
 * @param counters the VMM's
 * @param devices those with a process of their own, and what that counts, if it is ours
 */
public record RunningVm(CountersReading counters, List<Device> devices) {
    private static final String VM = "vm";
    private static final String[] STATES = {"created", "running", "paused"};
    private static final String[] DEVICE_STATES = {"waiting", "connected", "lost", "reconnecting", "failed"};
    private static final int PAGE = 4096;

    /** The prefix of owners that are devices. */
    static final String DEVICE = "device/";

    /**
     * A device.
     *
     * @param id its name
     * @param state in one word, such as {@code connected}; see docs/observing.md
     * @param reconnects successors of its first back-end
     * @param counters of its daemon; empty: that is somebody else's, or does not count
     */
    public record Device(String id, String state, long reconnects, Optional<CountersReading> counters) {}

    /** The VMM's process. */
    public long pid() {
        return counters.pid();
    }

    /** The path of its API's socket; empty: it has none. */
    public String socket() {
        return counters.title();
    }

    /** {@code created}, {@code running} or {@code paused}; {@code stopped} if the VMM's process is. */
    public String state() {
        char process = ProcessStat.of(pid()).map(ProcessStat::state).orElse('?');
        return process == 'T' || process == 't' ? "stopped" : word(STATES, value("state", VM));
    }

    /** How many vCPUs it has. */
    public long vcpus() {
        return value("vcpus", VM);
    }

    /** Its memory, in bytes, whether it uses it or not. */
    public long memory() {
        return value("memory-bytes", VM);
    }

    /** Exits of its vCPUs so far. */
    public long exits() {
        return sum(counters, label -> label.startsWith("exits/"));
    }

    private long value(String label, String owner) {
        return value(counters, label, owner);
    }

    static long value(CountersReading reading, String label, String owner) {
        return reading.values().stream()
                .filter(value -> value.label().equals(label) && value.owner().equals(owner))
                .mapToLong(Value::value)
                .findFirst()
                .orElse(0);
    }

    /** Totals of all owners, by the label. */
    static long sum(CountersReading reading, Predicate<String> labels) {
        return reading.values().stream()
                .filter(value -> value.kind() == CounterKind.TOTAL && labels.test(value.label()))
                .mapToLong(Value::value)
                .sum();
    }

    /** A device of a VMM's, which it says this of. */
    static Device device(CountersReading vmm, String id, Optional<CountersReading> counters) {
        long state = value(vmm, "device-state", DEVICE + id);
        return new Device(id, word(DEVICE_STATES, state), value(vmm, "reconnects", DEVICE + id), counters);
    }

    private static String word(String[] words, long number) {
        return number < 0 || number >= words.length ? "unknown" : words[(int) number];
    }

    /** What a process has in memory, what it shares with others included, in bytes; 0 if it is gone. */
    public static long resident(long pid) {
        try {
            String[] pages =
                    Files.readString(Path.of("/proc/" + pid + "/statm")).split(" ", 3);
            return Long.parseLong(pages[1]) * PAGE;
        } catch (IOException _) {
            return 0;
        }
    }
}
