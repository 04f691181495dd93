package ringfence.it.bench;

/**
 * What one run gave.
 *
 * @param iops requests per second
 * @param p50 median latency, nanoseconds
 * @param p99 99th percentile of the latency, nanoseconds
 * @param cpuPerIo processor time of the daemon's threads per request, nanoseconds
 */
record LoadResult(double iops, double p50, double p99, double cpuPerIo) {}
