package ringfence.vmm.api;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Function;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.option.OptionTable;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.LandlockRule;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.config.VsockConfig;
import ringfence.vmm.machine.MachineProxy;
import ringfence.vmm.machine.MachineState;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmException.Reason;
import ringfence.vmm.machine.VmRequest;

/**
 * The endpoints that change the VM. Each is answered when the machine's owner has done it; nobody waits here.
 */
final class VmChanges {
    private final Linux linux;
    private final MachineProxy machine;
    private final Optional<List<LandlockRule>> landlock;

    /** @param landlock as {@link VmConfig#confined} takes it */
    VmChanges(Linux linux, MachineProxy machine, Optional<List<LandlockRule>> landlock) {
        this.linux = linux;
        this.machine = machine;
        this.landlock = landlock;
    }

    CompletableFuture<HttpResponse> create(HttpRequest request) {
        VmConfig config =
                RequestBody.read(VmConfig.TABLE, request, machine.events()).confined(landlock);
        config.nets().forEach(VmChanges::refuseDescriptors);
        RequestBody.unheeded(request, config.unheeded(), machine.events());
        return done(new VmRequest.Create(config));
    }

    CompletableFuture<HttpResponse> addDisk(HttpRequest request) {
        DiskConfig disk = RequestBody.read(DiskConfig.TABLE, request, machine.events());
        RequestBody.unheeded(
                request,
                disk.unheeded().stream()
                        .map(line -> "--disk " + disk.id() + (disk.id().isEmpty() ? "" : " ") + line)
                        .toList(),
                machine.events());
        return add(VmConfig::plus, DiskConfig::id, disk, List.of());
    }

    CompletableFuture<HttpResponse> addNet(HttpRequest request) {
        Json.Obj object = RequestBody.object(request);
        if (request.fds().isEmpty()) {
            NetConfig net = RequestBody.read(NetConfig.TABLE, request, object, machine.events());
            refuseDescriptors(net);
            return add(VmConfig::plus, NetConfig::id, net, List.of());
        }
        HandedNet handed = HandedNet.take(linux, request, object, machine.events());
        try {
            CompletableFuture<HttpResponse> answer = add(VmConfig::plus, NetConfig::id, handed.net(), handed.fds());
            return answer.thenApply(response -> {
                if (response.status() >= 400) {
                    handed.close();
                }
                return response;
            });
        } catch (RuntimeException e) {
            handed.close();
            throw e;
        }
    }

    CompletableFuture<HttpResponse> addFs(HttpRequest request) {
        return add(FsConfig.TABLE, VmConfig::plus, FsConfig::id, request);
    }

    CompletableFuture<HttpResponse> addGeneric(HttpRequest request) {
        return add(GenericConfig.TABLE, VmConfig::plus, GenericConfig::id, request);
    }

    CompletableFuture<HttpResponse> addPmem(HttpRequest request) {
        return add(PmemConfig.TABLE, VmConfig::plus, PmemConfig::id, request);
    }

    /** There is one at most. */
    CompletableFuture<HttpResponse> addVsock(HttpRequest request) {
        return add(
                VsockConfig.TABLE,
                (config, vsock) -> {
                    if (config.vsock().isPresent()) {
                        throw new VmException(Reason.WRONG_STATE, "there is a vsock device already: remove it first");
                    }
                    return config.plus(vsock);
                },
                VsockConfig::id,
                request);
    }

    CompletableFuture<HttpResponse> resize(HttpRequest request) {
        VmResize wanted = RequestBody.read(VmResize.TABLE, request, machine.events());
        return done(new VmRequest.Change(wanted::of));
    }

    CompletableFuture<HttpResponse> resizeDisk(HttpRequest request) {
        DiskSize wanted = RequestBody.read(DiskSize.TABLE, request, machine.events());
        return done(new VmRequest.ResizeDisk(wanted.id(), wanted.size()));
    }

    /** Numbers in JSON are the client's, and would be other files here. */
    private static void refuseDescriptors(NetConfig net) {
        if (net.backend() instanceof NetBackend.Descriptors) {
            throw new VmException(
                    Reason.INVALID,
                    "net fds: numbers of descriptors are not taken over the API: send the descriptors themselves with"
                            + " vm.add-net (SCM_RIGHTS), or give tap");
        }
    }

    private <D> CompletableFuture<HttpResponse> add(
            OptionTable<D> table, BiFunction<VmConfig, D, VmConfig> plus, Function<D, String> id, HttpRequest request) {
        return add(plus, id, RequestBody.read(table, request, machine.events()), List.of());
    }

    private <D> CompletableFuture<HttpResponse> add(
            BiFunction<VmConfig, D, VmConfig> plus, Function<D, String> id, D device, List<Fd> fds) {
        return done(new VmRequest.Change(
                config -> {
                    if (config.ids().contains(id.apply(device))) {
                        throw new VmException(
                                Reason.NAME_TAKEN,
                                "id: '" + id.apply(device) + "' is another device's: choose another one");
                    }
                    return plus.apply(config, device);
                },
                fds));
    }

    CompletableFuture<HttpResponse> removeDevice(HttpRequest request) {
        String id =
                RequestBody.read(DeviceName.TABLE, request, machine.events()).id();
        return done(new VmRequest.Change(config -> {
            if (!config.ids().contains(id)) {
                throw new VmException(Reason.UNKNOWN_DEVICE, "id: there is no device '" + id + "'");
            }
            return config.without(id);
        }));
    }

    CompletableFuture<HttpResponse> upgradeDevice(HttpRequest request) {
        return done(new VmRequest.Upgrade(
                RequestBody.read(DeviceName.TABLE, request, machine.events()).id()));
    }

    /** Asks for it; answered when it is done: 204, 200 with the place of a device that was plugged in, or what is wrong. */
    CompletableFuture<HttpResponse> done(VmRequest request) {
        return machine.ask(request).handle(VmChanges::answer);
    }

    static HttpResponse answer(Optional<MachineState.DeviceEntry> plugged, Throwable failure) {
        Throwable why = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        return switch (why) {
            case null ->
                plugged.map(device -> HttpResponse.ok(Json.object("id", device.id(), "bdf", device.bdf())
                                .toString()))
                        .orElseGet(() -> HttpResponse.empty(204));
            case VmException refusal -> refused(refusal);
            default -> HttpResponse.error(500, String.valueOf(why.getMessage()));
        };
    }

    /** What a client hears of it. */
    static HttpResponse refused(VmException refusal) {
        return HttpResponse.error(status(refusal.reason()), refusal.lines().toArray(String[]::new));
    }

    private static int status(Reason reason) {
        return switch (reason) {
            case INVALID -> 400;
            case NOT_CREATED, UNKNOWN_DEVICE -> 404;
            case NAME_TAKEN -> 409;
            case WRONG_STATE, FAILED -> 500;
        };
    }
}
