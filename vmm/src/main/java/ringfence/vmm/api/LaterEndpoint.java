package ringfence.vmm.api;

import java.util.List;
import java.util.Map;
import ringfence.option.Json;
import ringfence.option.OptionTable;
import ringfence.vmm.machine.MachineProxy;

/**
 * An endpoint whose capability is still to come: it checks what it is given, as it will then, and says what there is not.
 *
 * @param name such as {@code vm.snapshot}
 * @param missing what there is not, and what may be done instead
 * @param needsVm whether it is about a VM that is there
 */
record LaterEndpoint(String name, String missing, boolean needsVm) {
    private static final Map<String, OptionTable<Json.Obj>> BODIES = LaterBodies.all();

    private static LaterEndpoint of(String name, String missing) {
        return new LaterEndpoint(name, missing, true);
    }

    /** All of them. */
    static List<LaterEndpoint> all() {
        return List.of(
                of("vm.resize-zone", "memory has no zones: shut the VM down and create it anew"),
                of("vm.snapshot", "there are no snapshots: shut the VM down and copy its images"),
                of("vm.coredump", "there are no dumps of a guest's memory: kdump in the guest makes one"),
                new LaterEndpoint("vm.restore", "there are no snapshots: use vm.create and vm.boot", false),
                of("vm.send-migration", "VMs do not move between hosts: shut it down, and boot it there"),
                new LaterEndpoint(
                        "vm.receive-migration", "VMs do not move between hosts: use vm.create and vm.boot", false),
                of("vm.add-device", "there is no VFIO: use a disk or a network device"),
                of("vm.add-user-device", "there is no vfio-user: use vm.add-generic-vhost-user"),
                of("vm.add-vdpa", "there is no vDPA: use vm.add-disk or vm.add-net"));
    }

    /** Answers: 400 for a wrong body, 404 where there is no VM, else 500 with what is missing. */
    HttpResponse answer(HttpRequest request, MachineProxy machine) {
        OptionTable<Json.Obj> body = BODIES.get(name);
        if (body == null) {
            RequestBody.refuse(request);
        } else {
            RequestBody.read(body, request, machine.events());
        }
        if (needsVm && machine.state().isEmpty()) {
            return HttpResponse.error(404, "there is no VM: vm.create makes one");
        }
        return HttpResponse.error(500, name + " is not supported yet: " + missing);
    }
}
