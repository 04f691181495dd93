package ringfence.vmm.cpu;

/** Where a vCPU thread is. */
public enum VcpuState {
    /** Not started. */
    NEW,
    /** In the guest, or between two entries. */
    RUNNING,
    /** Waits for the answer to a register access; counts as paused, but see {@link VcpuThread#settle}. */
    DEFERRED,
    /** Outside the guest with no access open: its registers may be read. */
    PAUSED,
    /** Outside the guest for good after a {@link CpuFault}; its registers may be read. */
    FAULTED,
    /** The thread has ended. */
    STOPPED;

    /** Whether the guest's processor stands still. */
    boolean standsStill() {
        return this != RUNNING;
    }

    /** Whether it stands still with no access open. */
    boolean isSettled() {
        return standsStill() && this != DEFERRED;
    }
}
