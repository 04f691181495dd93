package ringfence.vmm.machine;

import java.util.List;
import java.util.function.UnaryOperator;
import ringfence.linux.Fd;
import ringfence.vmm.config.VmConfig;

/** What a user asks of the VMM about its VM; asked through {@link MachineProxy#ask}. One closed family. */
public sealed interface VmRequest {
    /**
     * Configures a VM; there is none yet.
     *
     * @param config perhaps without addresses of its network devices
     */
    record Create(VmConfig config) implements VmRequest {}

    /**
     * Changes the configuration. Of a VM that is booted, one device may be added, which is answered with its place once the
     * guest can find it, or taken away, which is answered once the guest was asked to give it back.
     *
     * @param change of the configuration that was asked for so far; throws {@link VmException} where it cannot be
     * @param fds descriptors that the changed configuration names; the VMM's when the change is done, else still the
     *     asker's
     */
    record Change(UnaryOperator<VmConfig> change, List<Fd> fds) implements VmRequest {
        /** A change without descriptors. */
        public Change(UnaryOperator<VmConfig> change) {
            this(change, List.of());
        }
    }

    /**
     * Has a device of a booted VM go on with a new process of its daemon, of the program as it is installed now.
     *
     * @param device its name
     */
    record Upgrade(String device) implements VmRequest {}

    /**
     * Makes a disk of a booted VM larger or smaller; what lay beyond its new end is gone.
     *
     * @param disk its name
     * @param bytes its new size
     */
    record ResizeDisk(String disk, long bytes) implements VmRequest {}

    /** Makes the machine and lets it run. */
    record Boot() implements VmRequest {}

    /** Lets the vCPUs stand still. */
    record Pause() implements VmRequest {}

    /** Lets them run again. */
    record Resume() implements VmRequest {}

    /** Resets the machine, whatever its guest does. Its daemons stay. */
    record Reboot() implements VmRequest {}

    /** Ends the machine at once; its configuration stays. */
    record ShutDown() implements VmRequest {}

    /** Ends the machine, if it runs, and forgets its configuration. Nothing to forget is no error. */
    record Delete() implements VmRequest {}

    /** Presses the power button: what follows is up to the guest. */
    record PowerButton() implements VmRequest {}

    /** A non-maskable interrupt for every vCPU. */
    record Nmi() implements VmRequest {}
}
