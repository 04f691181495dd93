package ringfence.vmm.kvm;

/** Where a vCPU is in its life: KVM_MP_STATE_*. */
public enum MpState {
    RUNNABLE,
    /** Waits for INIT and SIPI: every processor but the first, at start. */
    UNINITIALIZED,
    INIT_RECEIVED,
    HALTED,
    SIPI_RECEIVED
}
