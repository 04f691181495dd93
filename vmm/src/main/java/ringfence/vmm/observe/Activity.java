package ringfence.vmm.observe;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.CountersReading.Value;

/**
 * What a VM, or one of its devices, has done between two looks.
 *
 * @param pid its process; 0: not known
 * @param name the socket of its API, or the device's id
 * @param state in a word
 * @param exits of its vCPUs, a second
 * @param operations requests of its queues, a second
 * @param bytes that have passed, a second
 * @param latencyNanos of a request, in the mean; NaN: none was timed
 * @param resident memory of its process, in bytes
 */
record Activity(
        long pid,
        String name,
        String state,
        double exits,
        double operations,
        double bytes,
        double latencyNanos,
        long resident) {
    /**
     * A VM and its devices.
     *
     * @param total of the VM: its operations and bytes are those of all devices
     */
    record OfVm(Activity total, List<Activity> devices) {}

    /** What is looked at, at a moment. */
    record Look(long nanos, List<RunningVm> vms) {}

    /** What has been done since a look before, the VM with the most of it first. */
    static List<OfVm> between(Look before, Look now, Order order) {
        double seconds = Math.max(1, now.nanos() - before.nanos()) / 1e9;
        Map<Long, RunningVm> old = new HashMap<>();
        before.vms().forEach(vm -> old.put(vm.pid(), vm));
        return now.vms().stream()
                .map(vm -> ofVm(Optional.ofNullable(old.get(vm.pid())), vm, seconds))
                .sorted(Comparator.comparing(OfVm::total, order.first()))
                .toList();
    }

    private static OfVm ofVm(Optional<RunningVm> before, RunningVm now, double seconds) {
        Map<String, RunningVm.Device> old = new HashMap<>();
        before.ifPresent(vm -> vm.devices().forEach(device -> old.put(device.id(), device)));
        List<Activity> devices = now.devices().stream()
                .map(device -> ofDevice(
                        Optional.ofNullable(old.get(device.id())).flatMap(RunningVm.Device::counters), device, seconds))
                .toList();
        Activity total = new Activity(
                now.pid(),
                now.socket(),
                now.state(),
                grown(before.map(RunningVm::exits), now.exits()) / seconds,
                devices.stream().mapToDouble(Activity::operations).sum(),
                devices.stream().mapToDouble(Activity::bytes).sum(),
                Double.NaN,
                RunningVm.resident(now.pid()));
        return new OfVm(total, devices);
    }

    private static Activity ofDevice(Optional<CountersReading> before, RunningVm.Device device, double seconds) {
        if (device.counters().isEmpty()) {
            return new Activity(0, device.id(), device.state(), 0, 0, 0, Double.NaN, 0);
        }
        CountersReading now = device.counters().get();
        double timed = grown(before.map(Activity::timed), timed(now));
        return new Activity(
                now.pid(),
                device.id(),
                device.state(),
                0,
                grown(before.map(Activity::requests), requests(now)) / seconds,
                grown(before.map(Activity::passed), passed(now)) / seconds,
                timed == 0 ? Double.NaN : grown(before.map(Activity::nanos), nanos(now)) / timed,
                RunningVm.resident(now.pid()));
    }

    private static long requests(CountersReading reading) {
        return RunningVm.sum(reading, "chains"::equals);
    }

    private static long passed(CountersReading reading) {
        return RunningVm.sum(reading, label -> label.equals("bytes") || label.endsWith("-bytes"));
    }

    private static long timed(CountersReading reading) {
        return latency(reading, CounterKind.BUCKET);
    }

    private static long nanos(CountersReading reading) {
        return latency(reading, CounterKind.SUM);
    }

    private static long latency(CountersReading reading, CounterKind kind) {
        Stream<Value> parts = reading.values().stream()
                .filter(value -> value.kind() == kind && value.label().equals("latency"));
        return parts.mapToLong(Value::value).sum();
    }

    /** Nothing is known of what was there before us; a number that shrinks has begun anew. */
    private static double grown(Optional<Long> before, long now) {
        return before.isEmpty() ? 0 : Math.max(0, now - before.get());
    }
}
