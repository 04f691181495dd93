package ringfence.blk.engine;

import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CounterType;

/** What a queue of a disk counts, beside what every daemon counts of a queue. Cloud Hypervisor has the first four. */
enum BlkCounter {
    READ_OPS(300, "read-ops", "reads that have succeeded"),
    READ_BYTES(301, "read-bytes", "bytes read"),
    WRITE_OPS(302, "write-ops", "writes that have succeeded"),
    WRITE_BYTES(303, "write-bytes", "bytes written"),
    FLUSH_OPS(304, "flush-ops", "flushes that have succeeded"),
    DISCARD_OPS(305, "discard-ops", "ranges discarded or filled with zeros"),
    ERRORS(306, "errors", "requests that the image has failed"),
    READ_LATENCY_MIN(307, "read-latency-min-us", "shortest time of a read that was timed; 0: none was"),
    READ_LATENCY_MAX(308, "read-latency-max-us", "longest time of a read that was timed"),
    WRITE_LATENCY_MIN(309, "write-latency-min-us", "shortest time of a write that was timed; 0: none was"),
    WRITE_LATENCY_MAX(310, "write-latency-max-us", "longest time of a write that was timed");

    final CounterType type;

    BlkCounter(int id, String label, String help) {
        CounterKind kind = label.endsWith("-us") ? CounterKind.GAUGE : CounterKind.TOTAL;
        type = new CounterType(id, label, kind, help);
    }
}
