package ringfence.vmm.machine;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;

/**
 * What the VMM knows of its devices in numbers. Written by the devices' threads, read by any. What passes a device is not
 * among it: that is its daemon's, and does not come by here.
 */
final class Counters {
    private final Map<String, RemoteState> connections = new ConcurrentHashMap<>();
    private final Map<String, Supplier<Map<String, Long>>> others = new ConcurrentHashMap<>();
    private volatile LongSupplier balloon = () -> 0;

    /** A device's connection has changed. */
    void connection(String device, RemoteState state) {
        connections.put(device, state);
    }

    /** What consoles have lost since nobody took it, in bytes, by the console. */
    void losses(Map<String, LongSupplier> ofConsoles) {
        ofConsoles.forEach((console, bytes) -> others.put(console, () -> Map.of("dropped_bytes", bytes.getAsLong())));
    }

    /** The balloon. @param size bytes that it holds */
    void balloon(String device, Supplier<Map<String, Long>> counters, LongSupplier size) {
        others.put(device, counters);
        balloon = size;
    }

    /** Bytes of the guest's memory that its balloon holds. */
    long balloonSize() {
        return balloon.getAsLong();
    }

    /** A device is gone. */
    void forget(String device) {
        connections.remove(device);
    }

    /** The machine is gone, and so are its devices. */
    void clear() {
        connections.clear();
        others.clear();
        balloon = () -> 0;
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
            devices.put(device, counters);
        });
        others.forEach((device, counters) -> devices.put(device, counters.get()));
        return devices;
    }
}
