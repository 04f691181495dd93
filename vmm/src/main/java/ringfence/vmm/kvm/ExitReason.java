package ringfence.vmm.kvm;

import java.util.Arrays;

/**
 * Why KVM_RUN came back: the closed family of exits on x86-64 with in-kernel interrupt controllers. What belongs to
 * each is read from {@link KvmRun}.
 */
public enum ExitReason {
    /** KVM_RUN said EINTR: a kick, or a signal for nothing. Not an exit of the guest. */
    INTERRUPTED(-1),
    /** The processor left the guest for a reason that KVM does not know. */
    UNKNOWN(0),
    /** A port access: {@code io} and its like. Completed by the next KVM_RUN. */
    IO(2),
    /** HLT that KVM does not handle itself: only without in-kernel interrupt controllers. */
    HLT(5),
    /** A memory access where no memory is: {@code mmioAddress} and its like. Completed by the next KVM_RUN. */
    MMIO(6),
    /** An interrupt can be injected: only without in-kernel interrupt controllers. */
    IRQ_WINDOW_OPEN(7),
    /** Triple fault. */
    SHUTDOWN(8),
    /** The processor refused to enter the guest. */
    FAIL_ENTRY(9),
    /** KVM's own word for a signal. */
    INTR(10),
    /** KVM gave up, as on an instruction that it cannot emulate. */
    INTERNAL_ERROR(17),
    /** The guest asked KVM for shutdown or reset, or crashed: Hyper-V and Xen interfaces. */
    SYSTEM_EVENT(24),
    /** An end of interrupt at a level-triggered pin: only with a split irqchip. */
    IOAPIC_EOI(26),
    /** Split-lock or bus-lock, where that is watched. */
    BUS_LOCK(33),
    /** A reason that Ringfence never enables; its number is in {@code exitReason}. */
    OTHER(-2);

    private static final ExitReason[] BY_NUMBER = byNumber();

    private final int number;

    ExitReason(int number) {
        this.number = number;
    }

    private static ExitReason[] byNumber() {
        ExitReason[] table = new ExitReason[64];
        Arrays.fill(table, OTHER);
        for (ExitReason reason : values()) {
            if (reason.number >= 0) {
                table[reason.number] = reason;
            }
        }
        return table;
    }

    /** Its number, KVM_EXIT_*; negative for the two that are none. */
    public int number() {
        return number;
    }

    /** The reason with this number, or {@link #OTHER}. */
    static ExitReason of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : OTHER;
    }
}
