package ringfence.vmm.pci;

import java.util.concurrent.CompletionStage;

/** Who empties slots that a guest ejects. Called by a vCPU thread with the controller's monitor held; never blocks. */
@FunctionalInterface
public interface EjectListener {
    /**
     * The guest gives these slots back. Each was asked for, and is told once.
     *
     * @param slots a bit per slot, at least one
     * @return done, with any value, when configuration space no longer shows them
     * @throws java.util.concurrent.RejectedExecutionException if nobody has time for it: it counts as not written
     */
    CompletionStage<Long> eject(int segment, int slots);
}
