package ringfence.vmm.machine;

import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CounterType;

/** What a VMM counts of its VM and of each device, beside the exits of vCPUs. */
enum VmCounter {
    STATE(400, "state", CounterKind.GAUGE, "the VM: 0 is configured, 1 runs, 2 is paused"),
    VCPUS(401, "vcpus", CounterKind.GAUGE, "vCPUs of the VM"),
    MEMORY_BYTES(402, "memory-bytes", CounterKind.GAUGE, "memory of the VM, used by it or not"),
    BOOTS(403, "boots", CounterKind.TOTAL, "times that the guest has started"),
    API_CALLS(404, "api-calls", CounterKind.TOTAL, "requests that the API has answered"),
    API_REFUSALS(405, "api-refusals", CounterKind.TOTAL, "requests among them that were refused or failed"),
    DEVICE_STATE(
            406,
            "device-state",
            CounterKind.GAUGE,
            "a device: 0 waits for its first back-end, 1 is connected, 2 has lost its back-end,"
                    + " 3 looks for a successor, 4 has found one that will not do"),
    RECONNECTS(407, "reconnects", CounterKind.TOTAL, "back-ends of the device after the first"),
    LAST_GAP(408, "last-gap-us", CounterKind.GAUGE, "how long the guest was without a back-end the last time"),
    LONGEST_GAP(409, "longest-gap-us", CounterKind.GAUGE, "the longest time that the guest was without a back-end");

    final CounterType type;

    VmCounter(int id, String label, CounterKind kind, String help) {
        type = new CounterType(id, label, kind, help);
    }
}
