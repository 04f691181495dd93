package ringfence.vmm.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import ringfence.option.OptionException;
import ringfence.vmm.machine.MachineProxy;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmRequest;

/**
 * The endpoints under {@code /api/v1}. Any thread may ask; reads answer from published state and never wait, changes are
 * answered when they are done.
 */
public final class Endpoints {
    private static final String PREFIX = "/api/v1/";
    private static final String GET = "GET";
    private static final String PUT = "PUT";
    /** Endpoints of Cloud Hypervisor whose capability is still to come. */
    private static final List<String> LATER = List.of(
            "vm.resize",
            "vm.resize-zone",
            "vm.resize-disk",
            "vm.add-device",
            "vm.add-user-device",
            "vm.add-generic-vhost-user",
            "vm.add-pmem",
            "vm.add-vdpa",
            "vm.add-vsock",
            "vm.snapshot",
            "vm.restore",
            "vm.send-migration",
            "vm.receive-migration",
            "vm.coredump");

    private record Endpoint(String method, Function<HttpRequest, HttpResponse> answer) {}

    private final Map<String, Endpoint> table = new HashMap<>();
    private final MachineProxy machine;
    private final String version;

    /**
     * The endpoints of one VMM.
     *
     * @param version what {@code vmm.ping} tells
     */
    public Endpoints(MachineProxy machine, String version) {
        this.machine = machine;
        this.version = version;
        VmChanges changes = new VmChanges(machine);
        table.put("vmm.ping", new Endpoint(GET, this::ping));
        table.put("vmm.shutdown", new Endpoint(PUT, this::shutdown));
        table.put("vm.info", new Endpoint(GET, this::info));
        table.put("vm.create", new Endpoint(PUT, changes::create));
        change(changes, "vm.boot", new VmRequest.Boot());
        change(changes, "vm.pause", new VmRequest.Pause());
        change(changes, "vm.resume", new VmRequest.Resume());
        change(changes, "vm.reboot", new VmRequest.Reboot());
        change(changes, "vm.shutdown", new VmRequest.ShutDown());
        change(changes, "vm.delete", new VmRequest.Delete());
        change(changes, "vm.nmi", new VmRequest.Nmi());
        change(changes, "vm.power-button", new VmRequest.PowerButton());
        table.put("vm.add-disk", new Endpoint(PUT, changes::addDisk));
        table.put("vm.add-net", new Endpoint(PUT, changes::addNet));
        table.put("vm.add-fs", new Endpoint(PUT, changes::addFs));
        table.put("vm.remove-device", new Endpoint(PUT, changes::removeDevice));
        for (String name : LATER) {
            table.put(name, new Endpoint(PUT, request -> HttpResponse.error(500, name + " is not supported yet")));
        }
    }

    private void change(VmChanges changes, String name, VmRequest request) {
        table.put(name, new Endpoint(PUT, _ -> changes.done(request)));
    }

    /** Answers one request. */
    HttpResponse answer(HttpRequest request) {
        Endpoint endpoint =
                request.path().startsWith(PREFIX) ? table.get(request.path().substring(PREFIX.length())) : null;
        if (endpoint == null) {
            return HttpResponse.error(404, "no endpoint " + request.path());
        }
        if (!endpoint.method().equals(request.method())) {
            return HttpResponse.error(
                    400, request.path() + " takes " + endpoint.method() + ", not " + request.method());
        }
        try {
            return endpoint.answer().apply(request);
        } catch (OptionException e) {
            return HttpResponse.error(400, "the body of " + request.path() + ": " + e.getMessage());
        } catch (VmException e) {
            return VmChanges.refused(e);
        }
    }

    private HttpResponse ping(HttpRequest request) {
        return HttpResponse.ok(
                "{\"build_version\":" + HttpResponse.quote(version) + ",\"version\":" + HttpResponse.quote(version)
                        + ",\"pid\":" + ProcessHandle.current().pid() + ",\"features\":[\"kvm\"]}");
    }

    private HttpResponse info(HttpRequest request) {
        return machine.state()
                .map(state -> HttpResponse.ok(VmInfo.of(state)))
                .orElseGet(() -> HttpResponse.error(404, "there is no VM: vm.create makes one"));
    }

    /** Cloud Hypervisor answers 200 with no body, then its process ends. */
    private HttpResponse shutdown(HttpRequest request) {
        machine.shutDownVmm("vmm.shutdown");
        return new HttpResponse(200, "");
    }
}
