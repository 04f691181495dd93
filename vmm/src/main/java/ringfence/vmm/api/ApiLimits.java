package ringfence.vmm.api;

import java.util.concurrent.TimeUnit;

/**
 * What clients may take of an {@link ApiServer}.
 *
 * @param connections that are open at a time, at least 4; one more ends the one that is least missed
 * @param headMillis from a request's first byte to the end of its head
 * @param bodyMillis from there to the end of its body; also what a client has to take its answer
 * @param idleMillis between two requests
 * @param buffered bytes of all unfinished requests together; beyond, the largest is refused
 */
public record ApiLimits(int connections, long headMillis, long bodyMillis, long idleMillis, int buffered) {
    /** What a VMM grants that may have so many open files. */
    static ApiLimits of(long openFiles) {
        return new ApiLimits(
                Math.clamp(openFiles / 4, 16, 512),
                TimeUnit.SECONDS.toMillis(10),
                TimeUnit.SECONDS.toMillis(20),
                TimeUnit.MINUTES.toMillis(10),
                6 << 20);
    }

    /** How many may wait for a change at a time; the others of {@link #connections} are for those who only read. */
    int waiting() {
        return Math.min(connections / 2, 64);
    }
}
