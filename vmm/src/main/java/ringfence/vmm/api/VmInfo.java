package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.option.Json;
import ringfence.vmm.config.ConsoleMode;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.DeviceCondition;
import ringfence.vmm.machine.MachineState;

/** {@code VmInfo} of Cloud Hypervisor's API, from the state that the machine has published. */
final class VmInfo {
    /** Of the PCI function of a virtio device, whose child that is. */
    private static final String FUNCTION = "_virtio-pci-";

    private static final String NOWHERE = "";

    private final Map<String, Json> tree = new LinkedHashMap<>();

    private VmInfo(MachineState state, Map<String, DeviceCondition> devices) {
        devices.forEach(
                (device, condition) -> // those that are in no slot yet, too
                tree.put(device, node(device, backEnd(condition), List.of(), NOWHERE)));
        for (MachineState.DeviceEntry device : state.devices()) {
            if (device.virtio().isPresent()) {
                virtio(device, devices.get(device.id()));
            } else {
                tree.put(device.id(), node(device.id(), bars(device), List.of(), device.bdf()));
            }
        }
        if (!state.devices().isEmpty()) {
            legacy(state.config());
        }
    }

    /**
     * It. In {@code device_tree} are the devices of a VM that is booted: a virtio device, and the PCI function whose child it is, with
     * its place and its BARs. How a device that a process serves is, is one of its resources: that is where Cloud Hypervisor
     * leaves room.
     *
     * @param balloon bytes of the guest's memory that its balloon holds
     */
    static String of(MachineState state, long balloon, Map<String, DeviceCondition> devices) {
        return Json.object(
                        "config",
                        VmConfig.TABLE.write(state.config()),
                        "state",
                        state.status().label(),
                        "memory_actual_size",
                        state.config().memory().size() - balloon,
                        "device_tree",
                        new Json.Obj(new VmInfo(state, devices).tree))
                .toString();
    }

    /** @param condition null: no process serves it */
    private void virtio(MachineState.DeviceEntry device, DeviceCondition condition) {
        String function = FUNCTION + device.id();
        List<Json> resources = condition == null ? new ArrayList<>() : backEnd(condition);
        device.memory()
                .ifPresent(range -> resources.add(
                        resource("MmioAddressRange", Json.object("base", range.base(), "size", range.size()))));
        tree.put(device.id(), node(device.id(), resources, List.of(), NOWHERE));
        tree.put(function, node(function, bars(device), List.of(device.id()), device.bdf()));
    }

    /** What is on no bus that has places; Cloud Hypervisor tells no resources of it. */
    private void legacy(VmConfig config) {
        leaf("__ioapic");
        if (config.serial().mode() != ConsoleMode.OFF) {
            leaf("__serial");
        }
        if (config.debugConsole().output().mode() != ConsoleMode.OFF) {
            leaf("__debug_console");
        }
    }

    private void leaf(String device) {
        tree.put(device, node(device, List.of(), List.of(), NOWHERE));
    }

    /**
     * Cloud Hypervisor tells a device's parent, too, which its description of the API does not name: a client made of that
     * may refuse what it does not know.
     *
     * @param bdf empty: it is in no slot, or is a child of what is
     */
    private static Json node(String device, List<Json> resources, List<String> children, String bdf) {
        Map<String, Json> node = new LinkedHashMap<>();
        node.put("id", new Json.Str(device));
        node.put("resources", new Json.Arr(resources));
        node.put("children", Json.of(children));
        if (!bdf.isEmpty()) {
            node.put("pci_bdf", new Json.Str(bdf));
        }
        return new Json.Obj(node);
    }

    private static List<Json> bars(MachineState.DeviceEntry device) {
        List<Json> bars = new ArrayList<>();
        for (MachineState.BarEntry bar : device.bars()) {
            bars.add(resource(
                    "PciBar",
                    Json.object(
                            "index", bar.index(),
                            "base", bar.base(),
                            "size", bar.size(),
                            "type_", bar.wide() ? "Mmio64" : "Mmio32",
                            "prefetchable", bar.prefetchable())));
        }
        return bars;
    }

    private static List<Json> backEnd(DeviceCondition condition) {
        List<Json> resources = new ArrayList<>();
        resources.add(resource(
                "BackEnd",
                Json.object(
                        "state", condition.state(),
                        "responding", condition.responding(),
                        "reason", condition.reason(),
                        "pid", condition.pid())));
        return resources;
    }

    /** As serde writes what is one of several kinds. */
    private static Json resource(String kind, Json what) {
        return Json.object(kind, what);
    }
}
