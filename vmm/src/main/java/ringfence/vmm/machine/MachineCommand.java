package ringfence.vmm.machine;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import ringfence.vmm.cpu.CpuFault;

/** What others ask of the machine's owner, or tell it. One closed family; posted through {@link MachineProxy}. */
sealed interface MachineCommand {
    /** The guest entered S5. */
    record PowerOff() implements MachineCommand {}

    /** The guest asked for a reset. */
    record Reset(String how) implements MachineCommand {}

    /** The guest told pvpanic that it has panicked; a reset that follows does not count. */
    record Panic() implements MachineCommand {}

    /** A vCPU cannot go on. */
    record Fault(CpuFault fault) implements MachineCommand {}

    /** A device cannot be had as configured; whoever serves it has said why. */
    record DeviceRefused(String device, String reason) implements MachineCommand {}

    /** Whoever serves a device cannot be used as it is; there is a next try. */
    record DeviceFailed(String device, String reason) implements MachineCommand {}

    /** Something that only the owner may do, such as a change of the bus tables. */
    record Run(Runnable work) implements MachineCommand {}

    /** Whoever wants to know whether the owner gets on hears of it when the owner comes to this. */
    record Sign(Runnable answer) implements MachineCommand {}

    /**
     * A user's request.
     *
     * @param answer completed by the owner when it is done, with the device that was plugged into a booted VM if one was; or
     *     exceptionally with a {@link VmException}
     */
    record Ask(VmRequest request, CompletableFuture<Optional<MachineState.DeviceEntry>> answer)
            implements MachineCommand {
        Ask(VmRequest request) {
            this(request, new CompletableFuture<>());
        }

        void done() {
            answer.complete(Optional.empty());
        }

        void done(MachineState.DeviceEntry device) {
            answer.complete(Optional.of(device));
        }

        void refuse(RuntimeException why) {
            answer.completeExceptionally(why);
        }
    }

    /** End the VMM. */
    record ShutDown(String why) implements MachineCommand {}
}
