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
     * It. In {@code device_tree} are the devices of a VM that is booted, each with its place. How one that a process serves is,
     * is one of its resources: that is where Cloud Hypervisor leaves room, and clients that are generated from its document
     * take no member that this has not.
     *
     * @param balloon bytes of the guest's memory that its balloon holds
     */
    static String of(MachineState state, long balloon, Map<String, DeviceCondition> devices) {
        Map<String, Json> tree = new LinkedHashMap<>();
        devices.forEach((device, condition) -> tree.put(device, node(device, condition, null)));
        for (MachineState.DeviceEntry device : state.devices()) {
            tree.put(device.id(), node(device.id(), devices.get(device.id()), device.bdf()));
        }
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

    /** @param condition null: no process serves it @param bdf null: it is in no slot yet */
    private static Json node(String device, DeviceCondition condition, String bdf) {
        Map<String, Json> node = new LinkedHashMap<>();
        node.put("id", new Json.Str(device));
        node.put("resources", Json.of(condition == null ? List.of() : List.of(backEnd(condition))));
        node.put("children", Json.of(List.of()));
        if (bdf != null) {
            node.put("pci_bdf", new Json.Str(bdf));
        }
        return new Json.Obj(node);
    }

    private static Json backEnd(DeviceCondition condition) {
        Json state = Json.object(
                "state", condition.state(),
                "responding", condition.responding(),
                "reason", condition.reason(),
                "pid", condition.pid());
        return Json.object("BackEnd", state);
    }
}
