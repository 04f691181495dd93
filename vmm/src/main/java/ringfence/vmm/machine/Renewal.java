package ringfence.vmm.machine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * How a device goes on with a new process of its daemon: that is started and warm before the present one hands its queues
 * back, drained, and ends.
 *
 * @param daemon who starts it
 * @param state of the device's connection
 * @param handOver has the present one let go
 */
record Renewal(SupervisedDaemon daemon, Supplier<RemoteState> state, Runnable handOver) {
    /** A start of a JVM takes that long where processors are emulated. */
    private static final long WARM_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final long SERVES_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Does it, and returns when the new one serves. @throws IllegalStateException with a line, if it does not */
    void run() {
        int before = state.get().reconnects();
        daemon.renew(WARM_NANOS);
        handOver.run();
        long deadline = System.nanoTime() + SERVES_NANOS;
        while (state.get().reconnects() == before || state.get().phase() != Phase.CONNECTED) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "the new daemon does not serve it: " + state.get().reason());
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
