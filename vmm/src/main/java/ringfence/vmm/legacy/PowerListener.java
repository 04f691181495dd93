package ringfence.vmm.legacy;

/** Who is told that the guest wants power off or a reset. Called by vCPU threads, perhaps more than once; never blocks. */
public interface PowerListener {
    /** The guest has entered S5. */
    void poweroff();

    /** The guest has asked for a reset. */
    void reset();
}
