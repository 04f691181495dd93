package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The general registers of a vCPU: {@code struct kvm_regs { __u64 rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8..r15, rip,
 * rflags; }}. A buffer that the caller owns; one thread at a time.
 */
public final class KvmRegs {
    static final long SIZE = 144;
    static final long RAX = 0;
    static final long RBX = 8;
    static final long RCX = 16;
    static final long RDX = 24;
    static final long RSI = 32;
    static final long RDI = 40;
    static final long RSP = 48;
    static final long RBP = 56;
    static final long R8 = 64;
    static final long RIP = 128;
    static final long RFLAGS = 136;

    private final MemorySegment segment = Arena.ofAuto().allocate(SIZE, 8);

    MemorySegment segment() {
        return segment;
    }

    private long get(long offset) {
        return segment.get(ValueLayout.JAVA_LONG, offset);
    }

    private KvmRegs set(long offset, long value) {
        segment.set(ValueLayout.JAVA_LONG, offset, value);
        return this;
    }

    /** RAX. */
    public long rax() {
        return get(RAX);
    }

    /** Sets RAX. */
    public KvmRegs rax(long value) {
        return set(RAX, value);
    }

    /** RBX. */
    public long rbx() {
        return get(RBX);
    }

    /** Sets RBX. */
    public KvmRegs rbx(long value) {
        return set(RBX, value);
    }

    /** RCX. */
    public long rcx() {
        return get(RCX);
    }

    /** Sets RCX. */
    public KvmRegs rcx(long value) {
        return set(RCX, value);
    }

    /** RDX. */
    public long rdx() {
        return get(RDX);
    }

    /** Sets RDX. */
    public KvmRegs rdx(long value) {
        return set(RDX, value);
    }

    /** RSI. */
    public long rsi() {
        return get(RSI);
    }

    /** Sets RSI. */
    public KvmRegs rsi(long value) {
        return set(RSI, value);
    }

    /** RDI. */
    public long rdi() {
        return get(RDI);
    }

    /** Sets RDI. */
    public KvmRegs rdi(long value) {
        return set(RDI, value);
    }

    /** RSP. */
    public long rsp() {
        return get(RSP);
    }

    /** Sets RSP. */
    public KvmRegs rsp(long value) {
        return set(RSP, value);
    }

    /** RBP. */
    public long rbp() {
        return get(RBP);
    }

    /** RIP. */
    public long rip() {
        return get(RIP);
    }

    /** Sets RIP. */
    public KvmRegs rip(long value) {
        return set(RIP, value);
    }

    /** RFLAGS. */
    public long rflags() {
        return get(RFLAGS);
    }

    /** Sets RFLAGS; bit 1 is always 1 on x86. */
    public KvmRegs rflags(long value) {
        return set(RFLAGS, value);
    }
}
