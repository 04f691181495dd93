package ringfence.it.bench;

/**
 * What one run gave.
 *
 * @param iops requests per second
 * @param p50 median latency, nanoseconds
 * @param p99 99th percentile of the latency, nanoseconds
 * @param cpuPerIo processor time of the daemon's threads per request, nanoseconds
 * @param others part of one processor that was used by neither front-end nor daemon
 */
record LoadResult(double iops, double p50, double p99, double cpuPerIo, double others) {
    private static final double TOO_MUCH = 0.15;

    /** Whether the machine did something else meanwhile, so that the run says little. */
    boolean isDisturbed() {
        return others > TOO_MUCH;
    }
}
