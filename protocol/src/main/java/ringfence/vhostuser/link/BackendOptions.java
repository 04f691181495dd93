package ringfence.vhostuser.link;

import java.util.function.Consumer;
import ringfence.telemetry.Counters;

/**
 * What a daemon chooses for its {@link Backend}.
 *
 * @param allowUnsealed whether guest memory may be a file that could shrink under us ({@code --allow-unsealed})
 * @param single whether it ends with its first connection
 * @param idle how workers wait
 * @param fence taken before an inflight region of a predecessor is read
 * @param log takes one line at a time, from any thread
 * @param name first part of the threads' and the counters' names, no spaces; of the threads' the kernel shows 15 characters
 * @param counters where its queues' counters come from
 * @param workers the threads that serve its queues
 * @param pulse how its queues get on, for who wants to know
 */
public record BackendOptions(
        boolean allowUnsealed,
        boolean single,
        IdlePolicy idle,
        Fence fence,
        Consumer<String> log,
        String name,
        Counters counters,
        Workers workers,
        Pulse pulse) {
    /** Sealed memory only, many connections, no fence, lines to standard error, counters for ourselves, a thread per queue. */
    public static BackendOptions defaults() {
        return new BackendOptions(
                false,
                false,
                IdlePolicy.DEFAULT,
                Fence.NONE,
                System.err::println,
                "vhost",
                Counters.hidden(),
                Workers.each(),
                new Pulse());
    }

    /** The same, but for this. */
    public BackendOptions withAllowUnsealed(boolean allow) {
        return new BackendOptions(allow, single, idle, fence, log, name, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withSingle(boolean only) {
        return new BackendOptions(allowUnsealed, only, idle, fence, log, name, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withIdle(IdlePolicy policy) {
        return new BackendOptions(allowUnsealed, single, policy, fence, log, name, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withFence(Fence other) {
        return new BackendOptions(allowUnsealed, single, idle, other, log, name, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withLog(Consumer<String> lines) {
        return new BackendOptions(allowUnsealed, single, idle, fence, lines, name, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withName(String threads) {
        return new BackendOptions(allowUnsealed, single, idle, fence, log, threads, counters, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withCounters(Counters source) {
        return new BackendOptions(allowUnsealed, single, idle, fence, log, name, source, workers, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withWorkers(Workers other) {
        return new BackendOptions(allowUnsealed, single, idle, fence, log, name, counters, other, pulse);
    }

    /** The same, but for this. */
    public BackendOptions withPulse(Pulse other) {
        return new BackendOptions(allowUnsealed, single, idle, fence, log, name, counters, workers, other);
    }
}
