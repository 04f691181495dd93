package ringfence.it.bench;

import org.HdrHistogram.Histogram;

/** What a load has come to, in one part or several, between which it was not measured. */
final class FsRun {
    private final Histogram latencies = FsLoop.latencyHistogram();
    private long done;
    private long nanos;
    private long cpu;

    /**
     * Adds a part.
     *
     * @param requests that have ended
     * @param time that they took, ns
     * @param used processor time of the daemon, ns
     */
    void add(long requests, long time, long used, Histogram took) {
        done += requests;
        nanos += time;
        cpu += used;
        latencies.add(took);
    }

    /** How long all parts took, ns. */
    long nanos() {
        return nanos;
    }

    /** @param others part of a processor that others had, from the first part's begin to the last one's end */
    LoadResult result(double others) {
        return new LoadResult(
                done * 1e9 / nanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                (double) cpu / done,
                others);
    }
}
