package ringfence.vmm.api;

import ringfence.option.Json;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.MachineState;

/** {@code VmInfo} of Cloud Hypervisor's API, from the state that the machine has published. */
final class VmInfo {
    private VmInfo() {}

    /** @param balloon bytes of the guest's memory that its balloon holds */
    static String of(MachineState state, long balloon) {
        return Json.object(
                        "config", VmConfig.TABLE.write(state.config()),
                        "state", state.status().label(),
                        "memory_actual_size", state.config().memory().size() - balloon)
                .toString();
    }
}
