package ringfence.vmm.observe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.option.Json;

/** {@code ringfence top --json}: one look as one line, an object with a list of VMs. */
final class ActivityJson {
    private static final double NANOS_PER_MICRO = 1e3;

    private ActivityJson() {}

    static String line(List<Activity.OfVm> vms) {
        return Json.object(
                        "vms", new Json.Arr(vms.stream().map(ActivityJson::of).toList()))
                .toString();
    }

    private static Json of(Activity.OfVm vm) {
        Activity total = vm.total();
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("pid", new Json.Num(total.pid()));
        members.put("api_socket", total.name().isEmpty() ? Json.Null.NULL : new Json.Str(total.name()));
        members.put("state", new Json.Str(total.state()));
        members.put("exits_per_second", number(total.exits()));
        rates(total, members);
        members.put(
                "devices",
                new Json.Arr(vm.devices().stream().map(ActivityJson::of).toList()));
        return new Json.Obj(members);
    }

    private static Json of(Activity device) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("id", new Json.Str(device.name()));
        members.put("pid", device.pid() == 0 ? Json.Null.NULL : new Json.Num(device.pid()));
        members.put("state", new Json.Str(device.state()));
        rates(device, members);
        members.put(
                "latency_us",
                Double.isNaN(device.latencyNanos()) ? Json.Null.NULL : number(device.latencyNanos() / NANOS_PER_MICRO));
        return new Json.Obj(members);
    }

    private static void rates(Activity activity, Map<String, Json> members) {
        members.put("operations_per_second", number(activity.operations()));
        members.put("bytes_per_second", number(activity.bytes()));
        members.put("resident", new Json.Num(activity.resident()));
    }

    /** Whole ones are enough. */
    private static Json number(double rate) {
        return new Json.Num(Math.round(rate));
    }
}
