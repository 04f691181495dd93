package ringfence.vmm.api;

import java.util.LinkedHashMap;
import java.util.Map;
import ringfence.option.Json;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.DeviceCondition;
import ringfence.vmm.machine.MachineState;

/** {@code VmInfo} of Cloud Hypervisor's API, from the state that the machine has published. */
final class VmInfo {
    private VmInfo() {}

    /**
     * Beside Cloud Hypervisor's members, ours: how the devices are.
     *
     * @param balloon bytes of the guest's memory that its balloon holds
     */
    static String of(MachineState state, long balloon, Map<String, DeviceCondition> devices) {
        Map<String, Json> conditions = new LinkedHashMap<>();
        devices.forEach((device, condition) -> conditions.put(
                device,
                Json.object(
                        "state", condition.state(),
                        "responding", condition.responding(),
                        "reason", condition.reason(),
                        "pid", condition.pid())));
        return Json.object(
                        "config",
                        VmConfig.TABLE.write(state.config()),
                        "state",
                        state.status().label(),
                        "memory_actual_size",
                        state.config().memory().size() - balloon,
                        "device_states",
                        new Json.Obj(conditions))
                .toString();
    }
}
