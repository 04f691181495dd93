package ringfence.vmm.cli;

import java.util.Optional;
import ringfence.linux.Linux;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.EventSink;

/** Runs a machine to its end. */
@FunctionalInterface
interface MachineStarter {
    /**
     * Runs it.
     *
     * @param config checked; empty: the API will bring one
     * @param apiSocket where the API is served
     * @param events told what happens
     * @return the exit code
     */
    int run(
            Linux linux,
            Optional<VmConfig> config,
            RuntimeOptions options,
            Optional<ApiSocket> apiSocket,
            EventSink events)
            throws Exception;
}
