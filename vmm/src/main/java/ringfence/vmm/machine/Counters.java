package ringfence.vmm.machine;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;

/**
 * What the VMM knows of its devices in numbers. Written by the devices' threads, read by any. What passes a device is not
 * among it: that is its daemon's, and does not come by here.
 */
final class Counters {
    private final Map<String, RemoteState> connections = new ConcurrentHashMap<>();
    private final Map<String, Long> failedRequests = new ConcurrentHashMap<>();
    private final Map<String, LongSupplier> losses = new ConcurrentHashMap<>();

    /** A device's connection has changed. */
    void connection(String device, RemoteState state) {
        connections.put(device, state);
    }

    /** So many requests more of a device were failed because two daemons had died with them. */
    void failedRequests(String device, long count) {
        failedRequests.merge(device, count, Long::sum);
    }

    /** What consoles have lost since nobody took it, in bytes, by the console. */
    void losses(Map<String, LongSupplier> ofConsoles) {
        losses.putAll(ofConsoles);
    }

    /** A device is gone. */
    void forget(String device) {
        connections.remove(device);
        failedRequests.remove(device);
    }

    /** The machine is gone, and so are its devices. */
    void clear() {
        connections.clear();
        failedRequests.clear();
        losses.clear();
    }

    /** By device and counter; times are microseconds. */
    Map<String, Map<String, Long>> read() {
        Map<String, Map<String, Long>> devices = new TreeMap<>();
        connections.forEach((device, state) -> {
            Map<String, Long> counters = new TreeMap<>();
            counters.put("connected", state.phase() == Phase.CONNECTED ? 1L : 0L);
            counters.put("reconnects", (long) state.reconnects());
            counters.put("last_gap_us", TimeUnit.NANOSECONDS.toMicros(state.lastGapNanos()));
            counters.put("longest_gap_us", TimeUnit.NANOSECONDS.toMicros(state.longestGapNanos()));
            counters.put("hangs", (long) state.hangs());
            counters.put("failed_requests", failedRequests.getOrDefault(device, 0L));
            devices.put(device, counters);
        });
        losses.forEach((console, bytes) -> devices.put(console, Map.of("dropped_bytes", bytes.getAsLong())));
        return devices;
    }
}
