package ringfence.vmm.machine;

/** States of a VM, as Cloud Hypervisor's API names them. */
public enum MachineStatus {
    /** Configured, not running. */
    CREATED("Created"),
    /** The vCPUs run. */
    RUNNING("Running"),
    /** Powered off, the VMM lives on ({@code --no-shutdown}). */
    SHUTDOWN("Shutdown");

    private final String label;

    MachineStatus(String label) {
        this.label = label;
    }

    /** Its name in the API. */
    public String label() {
        return label;
    }
}
