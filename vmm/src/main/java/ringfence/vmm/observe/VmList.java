package ringfence.vmm.observe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import ringfence.option.Json;
import ringfence.telemetry.CountersReading;

/** {@code ringfence ps}: VMs as a table for people, and as JSON. */
public final class VmList {
    private VmList() {}

    /** A line each, after one of headings. */
    public static List<String> table(List<RunningVm> vms) {
        Columns columns = new Columns().row("PID", "STATE", "VCPUS", "MEMORY", "RESIDENT", "API SOCKET", "DEVICES");
        for (RunningVm vm : vms) {
            columns.row(
                    Long.toString(vm.pid()),
                    vm.state(),
                    Long.toString(vm.vcpus()),
                    Amount.bytes(vm.memory()),
                    Amount.bytes(RunningVm.resident(vm.pid())),
                    vm.socket().isEmpty() ? "-" : vm.socket(),
                    vm.devices().stream()
                            .map(device -> device.id() + ":" + device.state())
                            .collect(Collectors.joining(" ")));
        }
        return columns.lines();
    }

    /** A list of objects, in one line. */
    public static String json(List<RunningVm> vms) {
        return new Json.Arr(vms.stream().map(VmList::json).toList()).toString();
    }

    private static Json json(RunningVm vm) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("pid", new Json.Num(vm.pid()));
        members.put("state", new Json.Str(vm.state()));
        members.put("vcpus", new Json.Num(vm.vcpus()));
        members.put("memory", new Json.Num(vm.memory()));
        members.put("resident", new Json.Num(RunningVm.resident(vm.pid())));
        members.put("api_socket", vm.socket().isEmpty() ? Json.Null.NULL : new Json.Str(vm.socket()));
        members.put(
                "devices", new Json.Arr(vm.devices().stream().map(VmList::json).toList()));
        return new Json.Obj(members);
    }

    private static Json json(RunningVm.Device device) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("id", new Json.Str(device.id()));
        members.put("state", new Json.Str(device.state()));
        members.put("reconnects", new Json.Num(device.reconnects()));
        members.put(
                "pid",
                device.counters()
                        .map(CountersReading::pid)
                        .<Json>map(Json.Num::new)
                        .orElse(Json.Null.NULL));
        return new Json.Obj(members);
    }
}
