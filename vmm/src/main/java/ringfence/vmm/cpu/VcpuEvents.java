package ringfence.vmm.cpu;

/** What the owner of a machine hears from its vCPU threads. Called on the vCPU's thread; must not block. */
public interface VcpuEvents {
    /** The vCPU is about to enter the guest for the first time. */
    void firstRun(int cpu);

    /** The guest asked KVM itself for power-off, reset or told of a crash (KVM_EXIT_SYSTEM_EVENT). */
    void systemEvent(int cpu, int type);

    /** The vCPU cannot go on; its thread waits, as when paused, for {@link VcpuThread#stop}. */
    void fault(CpuFault fault);
}
