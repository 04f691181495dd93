package ringfence.vmm.api;

import java.util.Map;
import java.util.function.Function;
import ringfence.vmm.machine.MachineProxy;

/**
 * The endpoints under {@code /api/v1}. Any thread may ask; reads answer from published state and never wait.
 */
public final class Endpoints {
    private static final String PREFIX = "/api/v1/";

    private record Endpoint(String method, Function<HttpRequest, HttpResponse> answer) {}

    private final Map<String, Endpoint> table;
    private final MachineProxy machine;
    private final String version;

    /**
     * The endpoints of one machine.
     *
     * @param version what {@code vmm.ping} tells
     */
    public Endpoints(MachineProxy machine, String version) {
        this.machine = machine;
        this.version = version;
        table = Map.of(
                "vmm.ping", new Endpoint("GET", this::ping),
                "vmm.shutdown", new Endpoint("PUT", this::shutdown),
                "vm.info", new Endpoint("GET", this::info));
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
        return endpoint.answer().apply(request);
    }

    private HttpResponse ping(HttpRequest request) {
        return HttpResponse.ok(
                "{\"build_version\":" + HttpResponse.quote(version) + ",\"version\":" + HttpResponse.quote(version)
                        + ",\"pid\":" + ProcessHandle.current().pid() + ",\"features\":[\"kvm\"]}");
    }

    private HttpResponse info(HttpRequest request) {
        return HttpResponse.ok(VmInfo.of(machine.state()));
    }

    /** Cloud Hypervisor answers 200 with no body, then its process ends. */
    private HttpResponse shutdown(HttpRequest request) {
        machine.shutDownVmm("vmm.shutdown");
        return new HttpResponse(200, "");
    }
}
