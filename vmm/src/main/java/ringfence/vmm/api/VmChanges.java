package ringfence.vmm.api;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.process.Log;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.MachineProxy;
import ringfence.vmm.machine.MachineState;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmException.Reason;
import ringfence.vmm.machine.VmRequest;

/**
 * The endpoints that change the VM. Each waits for the machine's owner, on the client's own thread; other clients do not
 * wait for it.
 */
final class VmChanges {
    /** Longer than anything takes that ends at all: faulting in a large guest's memory takes minutes. */
    private static final long PATIENCE_MINUTES = 10;

    private static final Log LOG = Log.of("api");

    private final MachineProxy machine;

    VmChanges(MachineProxy machine) {
        this.machine = machine;
    }

    HttpResponse create(HttpRequest request) {
        VmConfig config = read(VmConfig.TABLE, request);
        config.nets().forEach(VmChanges::refuseDescriptors);
        return done(new VmRequest.Create(config));
    }

    HttpResponse addDisk(HttpRequest request) {
        return add(DiskConfig.TABLE, VmConfig::plus, DiskConfig::id, request);
    }

    HttpResponse addNet(HttpRequest request) {
        return add(
                NetConfig.TABLE,
                (config, net) -> {
                    refuseDescriptors(net);
                    return config.plus(net);
                },
                NetConfig::id,
                request);
    }

    HttpResponse addFs(HttpRequest request) {
        return add(FsConfig.TABLE, VmConfig::plus, FsConfig::id, request);
    }

    /** Numbers in JSON are the client's, and would be other files here. */
    private static void refuseDescriptors(NetConfig net) {
        if (net.backend() instanceof NetBackend.Descriptors) {
            throw new VmException(
                    Reason.INVALID,
                    "net fds: descriptors are not taken over the API yet: give tap, or start with --net fd=");
        }
    }

    private <D> HttpResponse add(
            OptionTable<D> table, BiFunction<VmConfig, D, VmConfig> plus, Function<D, String> id, HttpRequest request) {
        D device = read(table, request);
        return done(new VmRequest.Change(config -> {
            if (config.ids().contains(id.apply(device))) {
                throw new VmException(
                        Reason.NAME_TAKEN, "id: '" + id.apply(device) + "' is another device's: choose another one");
            }
            return plus.apply(config, device);
        }));
    }

    HttpResponse removeDevice(HttpRequest request) {
        Json.Obj body = object(request);
        if (!(body.get("id") instanceof Json.Str(String id))) {
            throw new OptionException("lacks id, the name of the device");
        }
        return done(new VmRequest.Change(config -> {
            if (!config.ids().contains(id)) {
                throw new VmException(Reason.UNKNOWN_DEVICE, "id: there is no device '" + id + "'");
            }
            return config.without(id);
        }));
    }

    private static Json.Obj object(HttpRequest request) {
        if (request.body().length == 0) {
            throw new OptionException("is missing: a JSON object is needed");
        }
        Json body = JsonReader.read(new String(request.body(), StandardCharsets.UTF_8));
        if (!(body instanceof Json.Obj object)) {
            throw new OptionException("is " + body.kind() + ", an object is needed");
        }
        return object;
    }

    /** Members that we do not know have no effect, as with Cloud Hypervisor; the log tells of them. */
    private static <R> R read(OptionTable<R> table, HttpRequest request) {
        Json.Obj object = object(request);
        List<String> unknown = table.unknown(object);
        if (!unknown.isEmpty()) {
            LOG.warn(request.path() + ": of no effect, for they are not known: " + String.join(", ", unknown));
        }
        return table.read(object);
    }

    /** Asks for it, and answers when it is done: 204, 200 with the place of a device that was plugged in, or what is wrong. */
    HttpResponse done(VmRequest request) {
        CompletableFuture<Optional<MachineState.DeviceEntry>> answer = machine.ask(request);
        try {
            return answer.get(PATIENCE_MINUTES, TimeUnit.MINUTES)
                    .map(device -> HttpResponse.ok(
                            Json.object("id", device.id(), "bdf", device.bdf()).toString()))
                    .orElseGet(() -> HttpResponse.empty(204));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof VmException refusal) {
                return refused(refusal);
            }
            return HttpResponse.error(500, String.valueOf(e.getCause().getMessage()));
        } catch (TimeoutException e) {
            return HttpResponse.error(500, "it takes more than " + PATIENCE_MINUTES + " minutes, and goes on");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return HttpResponse.error(500, "the VMM ends");
        }
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
