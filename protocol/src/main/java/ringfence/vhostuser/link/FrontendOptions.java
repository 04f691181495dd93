package ringfence.vhostuser.link;

import java.util.concurrent.TimeUnit;

/**
 * How long a {@link Frontend} waits, and how much it lets itself be asked.
 *
 * @param helloNanos for the first answer of all: the peer may be a process that has only just been started
 * @param replyNanos for any answer that needs no I/O: long enough for a runtime that has only just been started on a busy host
 * @param stopNanos for GET_VRING_BASE, which drains a queue, and for a reset
 * @param stateNanos for the transfer of a device's inner state
 * @param requestsPerSecond back-end requests that are taken; one more ends the connection
 */
public record FrontendOptions(
        long helloNanos, long replyNanos, long stopNanos, long stateNanos, int requestsPerSecond) {
    /** 30 s, 5 s, 5 s, 30 s, 1000. */
    public static FrontendOptions defaults() {
        return new FrontendOptions(
                TimeUnit.SECONDS.toNanos(30),
                TimeUnit.SECONDS.toNanos(5),
                TimeUnit.SECONDS.toNanos(5),
                TimeUnit.SECONDS.toNanos(30),
                1000);
    }

    /** The same, with other times for an answer, the first one too, and for a stop. */
    public FrontendOptions withDeadlines(long reply, long stop) {
        return new FrontendOptions(reply, reply, stop, stateNanos, requestsPerSecond);
    }
}
