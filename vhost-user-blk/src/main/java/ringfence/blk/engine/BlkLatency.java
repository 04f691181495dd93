package ringfence.blk.engine;

import ringfence.telemetry.CounterType;

/** What a queue of a disk times, each as a {@link ringfence.telemetry.Histogram}. */
enum BlkLatency implements CounterType {
    READ(320, "read-latency", "time from a read's being taken to its completion, of those that were timed"),
    WRITE(321, "write-latency", "time from a write's being taken to its completion, of those that were timed");

    private final int id;
    private final String label;
    private final String help;

    BlkLatency(int id, String label, String help) {
        this.id = id;
        this.label = label;
        this.help = help;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String help() {
        return help;
    }
}
