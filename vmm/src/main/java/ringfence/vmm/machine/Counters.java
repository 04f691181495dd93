package ringfence.vmm.machine;

import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringfence.process.Log;
import ringfence.telemetry.CountersFile;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.cpu.ExitCounters;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;

/**
 * What the VMM knows of its VM in numbers, for its API and, while a machine is there, in a file for other processes. Any
 * thread, each for a moment; vCPUs count by themselves.
 */
final class Counters {
    private static final Log LOG = Log.of("machine");
    private static final String PROGRAM = "ringfence";
    private static final String VM = "vm";
    private static final String DEVICE = "device/";
    /** Of a device's name this much; the rest of a counter's label is ours. */
    private static final int NAME_LENGTH = 100;

    private static final int OF_DEVICE = 4;
    /** Slots of a PCI segment; each takes 2.5 KiB. */
    private static final int DEVICES = 32;

    private final Map<String, RemoteState> connections = new HashMap<>();
    private final Map<String, Long> failedRequests = new HashMap<>();
    private final Map<String, Supplier<Map<String, Long>>> others = new HashMap<>();
    private LongSupplier balloon = () -> 0;
    private String title = "";
    private long apiCalls;
    private long apiRefusals;
    private CountersFile file; // null: no machine is there, or none could be made

    /** Where the VMM's API is: by that it is known to its user. */
    synchronized void title(String socket) {
        title = socket;
    }

    /**
     * Begins to count in a file as well; a VM runs as well without.
     *
     * @return ends that
     */
    synchronized AutoCloseable open(Path path, VmConfig config) {
        int cpus = config.cpus().bootVcpus();
        int devices = DEVICES * config.platform().numPciSegments();
        int capacity = cpus * ExitCounters.count() + VmCounter.values().length + devices * OF_DEVICE;
        try {
            file = CountersFile.create("counters", path, PROGRAM, capacity, Clock.systemUTC());
            file.title(title);
            set(VmCounter.VCPUS, VM, cpus);
            set(VmCounter.MEMORY_BYTES, VM, config.memory().size());
            set(VmCounter.API_CALLS, VM, apiCalls);
            set(VmCounter.API_REFUSALS, VM, apiRefusals);
        } catch (IllegalArgumentException e) {
            LOG.info("nobody else sees what is counted: " + e.getMessage());
        }
        return this::close;
    }

    private synchronized void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }

    /** For the thread of a vCPU, which goes on where the one before has stood. */
    synchronized ExitCounters exits(int cpu) {
        return new ExitCounters(file == null ? ringfence.telemetry.Counters.hidden() : file.counters(), cpu);
    }

    /** What is published of the machine. */
    synchronized void state(MachineState state) {
        set(VmCounter.STATE, VM, state.status().ordinal());
        set(VmCounter.BOOTS, VM, state.boots());
    }

    /** The API has answered. */
    synchronized void apiCalled(boolean refused) {
        set(VmCounter.API_CALLS, VM, ++apiCalls);
        apiRefusals += refused ? 1 : 0;
        set(VmCounter.API_REFUSALS, VM, apiRefusals);
    }

    /** A device's connection has changed. */
    synchronized void connection(String device, RemoteState state) {
        connections.put(device, state);
        set(VmCounter.DEVICE_STATE, owner(device), state.phase().ordinal());
        set(VmCounter.RECONNECTS, owner(device), state.reconnects());
        set(VmCounter.LAST_GAP, owner(device), TimeUnit.NANOSECONDS.toMicros(state.lastGapNanos()));
        set(VmCounter.LONGEST_GAP, owner(device), TimeUnit.NANOSECONDS.toMicros(state.longestGapNanos()));
    }

    /** So many requests more of a device were failed because two daemons had died with them. */
    synchronized void failedRequests(String device, long count) {
        failedRequests.merge(device, count, Long::sum);
    }

    /** What consoles have lost since nobody took it, in bytes, by the console. */
    synchronized void losses(Map<String, LongSupplier> ofConsoles) {
        ofConsoles.forEach((console, bytes) -> others.put(console, () -> Map.of("dropped_bytes", bytes.getAsLong())));
    }

    /** The balloon. @param size bytes that it holds */
    synchronized void balloon(String device, Supplier<Map<String, Long>> counters, LongSupplier size) {
        others.put(device, counters);
        balloon = size;
    }

    /** Bytes of the guest's memory that its balloon holds. */
    synchronized long balloonSize() {
        return balloon.getAsLong();
    }

    /** What a daemon of ours counts of its device, by the words of the API. */
    synchronized void daemon(String device, Supplier<Map<String, Long>> counted) {
        connections.putIfAbsent(device, RemoteState.FIRST); // its daemon starts
        others.put(device, counted);
    }

    /** A device is gone. */
    synchronized void forget(String device) {
        connections.remove(device);
        failedRequests.remove(device);
        others.remove(device);
        if (file != null) {
            file.counters().forget(owner(device));
        }
    }

    /** The machine is gone, and so are its devices. */
    synchronized void clear() {
        connections.clear();
        failedRequests.clear();
        others.clear();
        balloon = () -> 0;
    }

    /** Where the connections of the devices stand that other processes serve. */
    synchronized Map<String, DeviceCondition> conditions() {
        Map<String, DeviceCondition> all = new TreeMap<>();
        connections.forEach((device, state) -> all.put(device, DeviceCondition.of(state)));
        return all;
    }

    /** By device and counter; times are microseconds. */
    Map<String, Map<String, Long>> read() {
        Map<String, Map<String, Long>> devices = new TreeMap<>();
        Map<String, Supplier<Map<String, Long>>> counted;
        synchronized (this) {
            connections.forEach((device, state) -> {
                Map<String, Long> counters = of(state);
                counters.put("failed_requests", failedRequests.getOrDefault(device, 0L));
                devices.put(device, counters);
            });
            counted = Map.copyOf(others);
        }
        counted.forEach((device, numbers) ->
                devices.computeIfAbsent(device, _ -> new TreeMap<>()).putAll(numbers.get()));
        return devices;
    }

    private static Map<String, Long> of(RemoteState state) {
        Map<String, Long> counters = new TreeMap<>();
        counters.put("connected", state.phase() == Phase.CONNECTED ? 1L : 0L);
        counters.put("reconnects", (long) state.reconnects());
        counters.put("last_gap_us", TimeUnit.NANOSECONDS.toMicros(state.lastGapNanos()));
        counters.put("longest_gap_us", TimeUnit.NANOSECONDS.toMicros(state.longestGapNanos()));
        counters.put("hangs", (long) state.hangs());
        return counters;
    }

    private static String owner(String device) {
        return DEVICE
                + device.substring(0, Math.min(device.length(), NAME_LENGTH)).replace(' ', '_');
    }

    private void set(VmCounter what, String owner, long value) {
        try {
            if (file != null) {
                file.counters().counter(what.type, owner, 0).setRelease(value);
            }
        } catch (IllegalStateException e) {
            LOG.debug(e::getMessage); // nothing that is there is more than its slots
        }
    }
}
