package ringfence.vmm.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import ringfence.linux.Linux;
import ringfence.option.OptionException;
import ringfence.process.Log;
import ringfence.vmm.config.LandlockRule;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.machine.MachineProxy;
import ringfence.vmm.machine.MachineState;
import ringfence.vmm.machine.MachineStatus;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmRequest;

/**
 * The endpoints under {@code /api/v1}. Any thread may ask; reads answer from published state and never wait, changes are
 * answered when they are done.
 */
public final class Endpoints {
    private static final Log LOG = Log.of("api");
    private static final String PREFIX = "/api/v1/";
    private static final String GET = "GET";
    private static final String PUT = "PUT";

    private record Endpoint(String method, Function<HttpRequest, CompletableFuture<HttpResponse>> answer) {}

    private static final int FIRST_ERROR = 400;

    private final Map<String, Endpoint> table = new HashMap<>();
    private final MachineProxy machine;
    private final String version;

    /**
     * The endpoints of one VMM.
     *
     * @param landlock what it may reach beside what it was told of at its start; empty: it is not confined
     * @param version what {@code vmm.ping} tells as that of the build; its {@code version} is the same without a v
     */
    public Endpoints(Linux linux, MachineProxy machine, Optional<List<LandlockRule>> landlock, String version) {
        this.machine = machine;
        this.version = version;
        VmChanges changes = new VmChanges(linux, machine, landlock);
        table.put("vmm.ping", now(GET, this::ping));
        table.put("vmm.shutdown", now(PUT, this::shutdown));
        table.put("vm.info", now(GET, this::info));
        table.put("vm.counters", now(GET, this::counters));
        table.put("vm.create", new Endpoint(PUT, changes::create));
        change(changes, "vm.boot", new VmRequest.Boot());
        change(changes, "vm.pause", new VmRequest.Pause());
        change(changes, "vm.resume", new VmRequest.Resume());
        change(changes, "vm.reboot", new VmRequest.Reboot());
        change(changes, "vm.shutdown", new VmRequest.ShutDown());
        change(changes, "vm.delete", new VmRequest.Delete());
        change(changes, "vm.nmi", new VmRequest.Nmi());
        change(changes, "vm.power-button", new VmRequest.PowerButton());
        table.put("vm.resize", new Endpoint(PUT, changes::resize));
        table.put("vm.resize-disk", new Endpoint(PUT, changes::resizeDisk));
        table.put("vm.add-disk", new Endpoint(PUT, changes::addDisk));
        table.put("vm.add-net", new Endpoint(PUT, changes::addNet));
        table.put("vm.add-fs", new Endpoint(PUT, changes::addFs));
        table.put("vm.add-generic-vhost-user", new Endpoint(PUT, changes::addGeneric));
        table.put("vm.add-vsock", new Endpoint(PUT, changes::addVsock));
        table.put("vm.add-pmem", new Endpoint(PUT, changes::addPmem));
        table.put("vm.remove-device", new Endpoint(PUT, changes::removeDevice));
        table.put("vm.upgrade-device", new Endpoint(PUT, changes::upgradeDevice));
        table.put(ApiDocument.NAME, now(GET, this::document));
        for (LaterEndpoint later : LaterEndpoint.all()) {
            table.put(later.name(), now(PUT, request -> later.answer(request, machine)));
        }
    }

    private void change(VmChanges changes, String name, VmRequest request) {
        table.put(name, new Endpoint(PUT, sent -> {
            RequestBody.refuse(sent);
            return changes.done(request);
        }));
    }

    private static Endpoint now(String method, Function<HttpRequest, HttpResponse> answer) {
        return new Endpoint(method, request -> CompletableFuture.completedFuture(answer.apply(request)));
    }

    /** Whether it asks for what is known, and is answered at once. */
    boolean isRead(HttpRequest request) {
        return request.method().equals(GET);
    }

    /** Answers one request; never with an exception. What asks for a change is an event, too. */
    CompletableFuture<HttpResponse> answer(HttpRequest request) {
        EventSink events = machine.events();
        long start = System.nanoTime();
        return attempt(request).thenApply(response -> {
            machine.apiCalled(response.status() >= FIRST_ERROR);
            if (isRead(request) || !events.isOpen()) {
                return response;
            }
            long nanos = System.nanoTime() - start;
            events.tell(new Event.ApiCalled(request.method(), request.path(), response.status(), nanos));
            return response;
        });
    }

    private CompletableFuture<HttpResponse> attempt(HttpRequest request) {
        try {
            return find(request).answer().apply(request);
        } catch (HttpError e) {
            return refused(e.status(), e.getMessage());
        } catch (OptionException e) {
            return refused(400, "the body of " + request.path() + ": " + e.getMessage());
        } catch (VmException e) {
            return CompletableFuture.completedFuture(VmChanges.refused(e));
        } catch (RuntimeException e) { // a mistake of ours is no reason to serve nobody any more
            LOG.error(request.path() + ": " + e, e);
            return refused(500, request.path() + ": " + e);
        }
    }

    private Endpoint find(HttpRequest request) {
        Endpoint endpoint =
                request.path().startsWith(PREFIX) ? table.get(request.path().substring(PREFIX.length())) : null;
        if (endpoint == null) {
            throw new HttpError(404, "no endpoint " + request.path());
        }
        if (!endpoint.method().equals(request.method())) {
            throw new HttpError(400, request.path() + " takes " + endpoint.method() + ", not " + request.method());
        }
        return endpoint;
    }

    /** What is answered, and to which method. */
    Map<String, String> methods() {
        Map<String, String> methods = new HashMap<>();
        table.forEach((name, endpoint) -> methods.put(name, endpoint.method()));
        return methods;
    }

    private static CompletableFuture<HttpResponse> refused(int status, String why) {
        return CompletableFuture.completedFuture(HttpResponse.error(status, why));
    }

    private HttpResponse ping(HttpRequest request) {
        String bare = version.startsWith("v") ? version.substring(1) : version;
        return HttpResponse.ok(
                "{\"build_version\":" + HttpResponse.quote(version) + ",\"version\":" + HttpResponse.quote(bare)
                        + ",\"pid\":" + ProcessHandle.current().pid() + ",\"features\":[\"kvm\"]}");
    }

    /** Made anew each time: few ask, and nobody else shall pay for it. */
    private HttpResponse document(HttpRequest request) {
        return HttpResponse.ok(ApiDocument.of(version).toString());
    }

    private HttpResponse info(HttpRequest request) {
        return machine.state()
                .map(state -> HttpResponse.ok(VmInfo.of(state, machine.balloonSize(), machine.deviceConditions())))
                .orElseGet(() -> HttpResponse.error(404, "there is no VM: vm.create makes one"));
    }

    private HttpResponse counters(HttpRequest request) {
        MachineState state = machine.state().orElse(null);
        if (state == null) {
            return HttpResponse.error(404, "there is no VM: vm.create makes one");
        }
        return state.status() == MachineStatus.CREATED
                ? HttpResponse.error(500, "the VM is not booted")
                : HttpResponse.ok(VmCounters.of(machine.readCounters()));
    }

    /** Cloud Hypervisor answers 200 with no body, then its process ends. */
    private HttpResponse shutdown(HttpRequest request) {
        machine.shutDownVmm("vmm.shutdown");
        return new HttpResponse(200, "");
    }
}
