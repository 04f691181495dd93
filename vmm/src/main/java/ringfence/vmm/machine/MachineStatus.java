package ringfence.vmm.machine;

/** States of a VM, as Cloud Hypervisor's API names them. */
public enum MachineStatus {
    /** Configured, not booted: not yet, or no longer. */
    CREATED("Created"),
    /** The vCPUs run. */
    RUNNING("Running"),
    /** Booted, but the vCPUs stand still. */
    PAUSED("Paused");

    private final String label;

    MachineStatus(String label) {
        this.label = label;
    }

    /** Its name in the API. */
    public String label() {
        return label;
    }
}
