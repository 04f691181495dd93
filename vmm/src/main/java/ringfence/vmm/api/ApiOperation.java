package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ringfence.option.Json;
import ringfence.option.OptionTable;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.config.VsockConfig;

/**
 * One endpoint as the API's document has it. What every endpoint may answer, see {@link ApiDocument}, is not repeated.
 *
 * @param method GET or PUT
 * @param name such as {@code vm.create}
 * @param id how generated clients call it; empty: as their generator does
 * @param summary one line
 * @param body what its body is read with; empty: it takes none
 * @param content the schema of what it answers with 200
 * @param answers further statuses that are its own, ascending
 */
record ApiOperation(
        String method,
        String name,
        String id,
        String summary,
        Optional<OptionTable<?>> body,
        Optional<String> content,
        List<Integer> answers) {
    private static final int OK = 200;
    private static final int DONE = 204;
    private static final int MISSING = 404;
    private static final int TAKEN = 409;

    private static ApiOperation get(String name, String summary, String content, Integer... answers) {
        return new ApiOperation("GET", name, "", summary, Optional.empty(), Optional.of(content), List.of(answers));
    }

    private static ApiOperation change(String name, String id, String summary) {
        return new ApiOperation("PUT", name, id, summary, Optional.empty(), Optional.empty(), List.of(DONE, MISSING));
    }

    private static ApiOperation done(String name, String id, String summary) {
        return new ApiOperation("PUT", name, id, summary, Optional.empty(), Optional.empty(), List.of(DONE));
    }

    private static ApiOperation add(String name, String summary, OptionTable<?> body) {
        return new ApiOperation(
                "PUT",
                name,
                "",
                summary
                        + " Answered with 200 and its place once the guest can find it; with 204 before the VM is"
                        + " booted.",
                Optional.of(body),
                Optional.of("PciDeviceInfo"),
                List.of(DONE, MISSING, TAKEN));
    }

    /** All of them. */
    static List<ApiOperation> all() {
        return Stream.of(reads(), changes(), devices(), later())
                .flatMap(List::stream)
                .toList();
    }

    private static List<ApiOperation> reads() {
        return List.of(
                get("vmm.ping", "Tells who answers.", "VmmPingResponse"),
                get("vm.info", "The VM's configuration and state.", "VmInfo", MISSING),
                get("vm.counters", "A booted VM's devices in numbers.", "VmCounters", MISSING),
                get(ApiDocument.NAME, "This document.", "OpenApi"));
    }

    private static List<ApiOperation> changes() {
        return List.of(
                new ApiOperation(
                        "PUT",
                        "vmm.shutdown",
                        "shutdownVMM",
                        "Ends the VM, if there is one, and the VMM's process.",
                        Optional.empty(),
                        Optional.empty(),
                        List.of(OK)),
                new ApiOperation(
                        "PUT",
                        "vm.create",
                        "createVM",
                        "Takes a VM's configuration. Nothing is started yet.",
                        Optional.of(VmConfig.TABLE),
                        Optional.empty(),
                        List.of(DONE, TAKEN)),
                change("vm.boot", "bootVM", "Starts daemons and vCPUs; answered when the guest runs."),
                change("vm.pause", "pauseVM", "Lets the vCPUs and the guest's clock stand still."),
                change("vm.resume", "resumeVM", "Lets a paused VM run on."),
                change("vm.reboot", "rebootVM", "Resets the VM. Its daemons stay."),
                change("vm.shutdown", "shutdownVM", "Ends the guest at once. The configuration stays."),
                done(
                        "vm.delete",
                        "deleteVM",
                        "Ends the guest at once, and forgets the configuration, if there is any."),
                change("vm.nmi", "", "Sends a non-maskable interrupt to every vCPU."),
                change(
                        "vm.power-button",
                        "power-buttonVM",
                        "Presses the guest's power button; it decides what follows."),
                new ApiOperation(
                        "PUT",
                        "vm.resize",
                        "",
                        "Gives the balloon another size, which the guest follows when it can; a VM that is not booted"
                                + " also other vCPUs and another amount of memory: one that is answers with 500.",
                        Optional.of(VmResize.TABLE),
                        Optional.empty(),
                        List.of(DONE, MISSING)));
    }

    private static List<ApiOperation> devices() {
        return List.of(
                add("vm.add-disk", "Adds a disk.", DiskConfig.TABLE),
                add(
                        "vm.add-net",
                        "Adds a network device; descriptors of its taps may come along (SCM_RIGHTS), one per two"
                                + " queues.",
                        NetConfig.TABLE),
                add("vm.add-fs", "Adds a shared folder.", FsConfig.TABLE),
                add(
                        "vm.add-generic-vhost-user",
                        "Adds a virtio device of any type, which somebody else serves.",
                        GenericConfig.TABLE),
                add("vm.add-pmem", "Adds a file as persistent memory.", PmemConfig.TABLE),
                add("vm.add-vsock", "Adds sockets between guest and host.", VsockConfig.TABLE),
                new ApiOperation(
                        "PUT",
                        "vm.resize-disk",
                        "",
                        "Makes a disk of a booted VM larger or smaller, whose image is a file that the VMM's daemon"
                                + " serves; answered when the guest can see it.",
                        Optional.of(DiskSize.TABLE),
                        Optional.empty(),
                        List.of(DONE, MISSING)),
                new ApiOperation(
                        "PUT",
                        "vm.remove-device",
                        "",
                        "Asks the guest to give a device back; it is gone when vm.info no longer names it.",
                        Optional.of(DeviceName.TABLE),
                        Optional.empty(),
                        List.of(DONE, MISSING)),
                new ApiOperation(
                        "PUT",
                        "vm.upgrade-device",
                        "",
                        "Has a device go on with a new process of its daemon, of the program as it is installed now;"
                                + " answered when that serves.",
                        Optional.of(DeviceName.TABLE),
                        Optional.empty(),
                        List.of(DONE, MISSING)));
    }

    private static List<ApiOperation> later() {
        Map<String, OptionTable<Json.Obj>> bodies = LaterBodies.all();
        List<ApiOperation> operations = new ArrayList<>();
        for (LaterEndpoint later : LaterEndpoint.all()) {
            operations.add(new ApiOperation(
                    "PUT",
                    later.name(),
                    "",
                    "Not supported yet: the body is checked, then the answer is 500 (" + later.missing() + ").",
                    Optional.ofNullable(bodies.get(later.name())),
                    Optional.empty(),
                    later.needsVm() ? List.of(MISSING) : List.of()));
        }
        return operations;
    }
}
