package ringfence.vmm.cli;

import java.util.Optional;
import ringfence.linux.Linux;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;

/** Runs a machine to its end. */
@FunctionalInterface
interface MachineStarter {
    /**
     * Runs it.
     *
     * @param config checked; empty: the API will bring one
     * @param apiSocket where the API is served
     * @return the exit code
     */
    int run(Linux linux, Optional<VmConfig> config, RuntimeOptions options, Optional<String> apiSocket)
            throws Exception;
}
