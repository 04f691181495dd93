package ringfence.vmm.machine;

/** How the run of a machine ended. */
public enum Ending {
    /** The guest powered off, or the user ended the VMM. */
    ORDERLY(0),
    /** Something on the host failed. */
    FAILED(1),
    /** A device cannot be had as configured. */
    REFUSED(2),
    /** The guest reported a panic through pvpanic. */
    GUEST_PANIC(3),
    /** A vCPU shut down by a triple fault. */
    TRIPLE_FAULT(4);

    private final int exitCode;

    Ending(int exitCode) {
        this.exitCode = exitCode;
    }

    /** The exit code of the process. */
    public int exitCode() {
        return exitCode;
    }
}
