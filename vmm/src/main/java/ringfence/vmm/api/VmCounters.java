package ringfence.vmm.api;

import java.util.LinkedHashMap;
import java.util.Map;
import ringfence.option.Json;

/** {@code VmCounters} of Cloud Hypervisor's API: an object of whole numbers per device. */
final class VmCounters {
    private VmCounters() {}

    static String of(Map<String, Map<String, Long>> counters) {
        Map<String, Json> devices = new LinkedHashMap<>();
        counters.forEach((device, numbers) -> {
            Map<String, Json> members = new LinkedHashMap<>();
            numbers.forEach((name, number) -> members.put(name, new Json.Num(number)));
            devices.put(device, new Json.Obj(members));
        });
        return new Json.Obj(devices).toString();
    }
}
