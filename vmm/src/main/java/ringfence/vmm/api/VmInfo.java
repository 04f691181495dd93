package ringfence.vmm.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.option.Json;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.DeviceCondition;
import ringfence.vmm.machine.MachineState;

/** {@code VmInfo} of Cloud Hypervisor's API, from the state that the machine has published. */
final class VmInfo {
    private VmInfo() {}

    /**
     * It. How a device is, is one of its resources in {@code device_tree}: that is where Cloud Hypervisor leaves room, and
     * clients that are generated from its document take no member that this has not.
     *
     * @param balloon bytes of the guest's memory that its balloon holds
     */
    static String of(MachineState state, long balloon, Map<String, DeviceCondition> devices) {
        Map<String, Json> tree = new LinkedHashMap<>();
        devices.forEach((device, condition) -> tree.put(device, node(device, condition)));
        return Json.object(
                        "config",
                        VmConfig.TABLE.write(state.config()),
                        "state",
                        state.status().label(),
                        "memory_actual_size",
                        state.config().memory().size() - balloon,
                        "device_tree",
                        new Json.Obj(tree))
                .toString();
    }

    private static Json node(String device, DeviceCondition condition) {
        Json backEnd = Json.object(
                "state", condition.state(),
                "responding", condition.responding(),
                "reason", condition.reason(),
                "pid", condition.pid());
        return Json.object(
                "id",
                device,
                "resources",
                Json.of(List.of(Json.object("BackEnd", backEnd))),
                "children",
                Json.of(List.of()));
    }
}
