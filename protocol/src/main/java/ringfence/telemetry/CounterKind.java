package ringfence.telemetry;

/** What kind of number a counter is, as readers who do not know its program see it. The order is the file's. */
public enum CounterKind {
    /** Only grows. */
    TOTAL,
    /** Grows and shrinks. */
    GAUGE,
    /** Of a {@link Histogram}: how many lasted longer than the bucket before allows, and not longer than this one does. */
    BUCKET,
    /** Of a {@link Histogram}: how long all of them have lasted, in nanoseconds. */
    SUM
}
