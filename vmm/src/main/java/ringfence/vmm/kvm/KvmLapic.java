package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The registers of a local APIC: {@code struct kvm_lapic_state { char regs[0x400]; }}, one register every 16 bytes as in
 * the APIC's page. A buffer that the caller owns; one thread at a time.
 */
public final class KvmLapic {
    /** The local APIC's id register. */
    public static final int ID = 0x20;
    /** Spurious-interrupt vector register; bit 8 enables the APIC. */
    public static final int SPURIOUS = 0xF0;
    /** Local vector table, LINT0. */
    public static final int LVT_LINT0 = 0x350;
    /** Local vector table, LINT1. */
    public static final int LVT_LINT1 = 0x360;

    static final long SIZE = 0x400;

    private final MemorySegment segment = Arena.ofAuto().allocate(SIZE, 8);

    MemorySegment segment() {
        return segment;
    }

    /** A register, by its offset in the APIC's page. */
    public int register(int offset) {
        return segment.get(ValueLayout.JAVA_INT, offset);
    }

    /** Sets a register. */
    public KvmLapic register(int offset, int value) {
        segment.set(ValueLayout.JAVA_INT, offset, value);
        return this;
    }
}
