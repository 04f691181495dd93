package ringfence.vmm.plan;

/**
 * What CPUID depends on beside the host's abilities; the same for all processors of a machine.
 *
 * @param physBits width of a physical address that the guest is told
 * @param tscDeadlineTimer KVM_CAP_TSC_DEADLINE_TIMER
 * @param tscKhz the guest's TSC frequency; 0 if unknown
 * @param nested whether the guest may run guests: VMX and SVM shown
 */
public record CpuidPlan(Topology topology, int physBits, boolean tscDeadlineTimer, int tscKhz, boolean nested) {}
