package ringfence.vmm.kvm;

/** What KVM_CHECK_EXTENSION is asked for, by the names of {@code <linux/kvm.h>} without KVM_CAP_. */
public enum KvmExtension {
    /** In-kernel interrupt controllers. */
    IRQCHIP(0),
    USER_MEMORY(3),
    SET_TSS_ADDR(4),
    /** Recommended number of vCPUs. */
    NR_VCPUS(9),
    /** Number of memory slots. */
    NR_MEMSLOTS(10),
    MP_STATE(14),
    /** Page of a vCPU's mapping where the ring of coalesced writes is. */
    COALESCED_MMIO(15),
    IRQ_ROUTING(25),
    IRQFD(32),
    IOEVENTFD(36),
    SET_IDENTITY_MAP_ADDR(37),
    TSC_CONTROL(60),
    GET_TSC_KHZ(61),
    /** Greatest number of vCPUs of one VM. */
    MAX_VCPUS(66),
    TSC_DEADLINE_TIMER(72),
    KVMCLOCK_CTRL(76),
    SIGNAL_MSI(77),
    READONLY_MEM(81),
    SPLIT_IRQCHIP(121),
    IOEVENTFD_ANY_LENGTH(122),
    /** Greatest vCPU id, plus one. */
    MAX_VCPU_ID(128),
    X2APIC_API(129),
    IMMEDIATE_EXIT(136),
    NESTED_STATE(157),
    COALESCED_PIO(162),
    MANUAL_DIRTY_LOG_PROTECT2(168),
    DIRTY_LOG_RING(192),
    EXIT_ON_EMULATION_FAILURE(204);

    private final int number;

    KvmExtension(int number) {
        this.number = number;
    }

    /** Its number, KVM_CAP_*. */
    public int number() {
        return number;
    }
}
