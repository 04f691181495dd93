package ringfence.vmm.kvm;

/**
 * What this KVM can do, probed once when it is opened; a test makes one by hand to take an ability away.
 *
 * @param maxVcpus greatest number of vCPUs of one VM
 * @param maxVcpuId greatest vCPU id plus one; APIC ids of a topology with holes may need it
 * @param memorySlots number of memory slots
 * @param gsiRoutes number of entries of the GSI routing table
 * @param tscDeadlineTimer the LAPIC's TSC-deadline mode works (KVM reports it nowhere else)
 * @param x2apicApi flags of KVM_CAP_X2APIC_API that exist
 * @param readonlyMemory memory slots may be read-only
 * @param vcpuMapSize bytes of a vCPU's {@code kvm_run} mapping
 * @param coalescedRing where in that mapping the ring of coalesced port writes is; 0: ports cannot be coalesced
 */
public record KvmCaps(
        int maxVcpus,
        int maxVcpuId,
        int memorySlots,
        int gsiRoutes,
        boolean tscDeadlineTimer,
        int x2apicApi,
        boolean readonlyMemory,
        int vcpuMapSize,
        int coalescedRing) {}
