package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The special registers of a vCPU: {@code struct kvm_sregs { struct kvm_segment cs, ds, es, fs, gs, ss, tr, ldt; struct
 * kvm_dtable gdt, idt; __u64 cr0, cr2, cr3, cr4, cr8, efer, apic_base, interrupt_bitmap[4]; }}, a {@code kvm_dtable}
 * being {@code { __u64 base; __u16 limit, padding[3]; }}. A buffer that the caller owns; one thread at a time.
 */
public final class KvmSregs {
    static final long SIZE = 312;
    static final long CS = 0;
    static final long DS = 24;
    static final long ES = 48;
    static final long FS = 72;
    static final long GS = 96;
    static final long SS = 120;
    static final long TR = 144;
    static final long LDT = 168;
    static final long GDT = 192;
    static final long IDT = 208;
    static final long DTABLE_LIMIT = 8;
    static final long CR0 = 224;
    static final long CR3 = 240;
    static final long CR4 = 248;
    static final long EFER = 264;
    static final long APIC_BASE = 272;

    private final MemorySegment segment = Arena.ofAuto().allocate(SIZE, 8);

    MemorySegment segment() {
        return segment;
    }

    /** The code segment. */
    public KvmSegment cs() {
        return KvmSegment.read(segment, CS);
    }

    /** Sets the code segment. */
    public KvmSregs cs(KvmSegment code) {
        code.write(segment, CS);
        return this;
    }

    /** Sets the five data segments. */
    public KvmSregs data(KvmSegment data) {
        data.write(segment, DS);
        data.write(segment, ES);
        data.write(segment, FS);
        data.write(segment, GS);
        data.write(segment, SS);
        return this;
    }

    /** The task register. */
    public KvmSegment tr() {
        return KvmSegment.read(segment, TR);
    }

    /** Sets the task register. */
    public KvmSregs tr(KvmSegment task) {
        task.write(segment, TR);
        return this;
    }

    /** Sets GDTR. @param limit last valid byte */
    public KvmSregs gdt(long base, int limit) {
        segment.set(ValueLayout.JAVA_LONG, GDT, base);
        segment.set(ValueLayout.JAVA_SHORT, GDT + DTABLE_LIMIT, (short) limit);
        return this;
    }

    /** Sets IDTR. @param limit last valid byte */
    public KvmSregs idt(long base, int limit) {
        segment.set(ValueLayout.JAVA_LONG, IDT, base);
        segment.set(ValueLayout.JAVA_SHORT, IDT + DTABLE_LIMIT, (short) limit);
        return this;
    }

    /** CR0. */
    public long cr0() {
        return segment.get(ValueLayout.JAVA_LONG, CR0);
    }

    /** Sets CR0. */
    public KvmSregs cr0(long value) {
        segment.set(ValueLayout.JAVA_LONG, CR0, value);
        return this;
    }

    /** CR3. */
    public long cr3() {
        return segment.get(ValueLayout.JAVA_LONG, CR3);
    }

    /** Sets CR3. */
    public KvmSregs cr3(long value) {
        segment.set(ValueLayout.JAVA_LONG, CR3, value);
        return this;
    }

    /** CR4. */
    public long cr4() {
        return segment.get(ValueLayout.JAVA_LONG, CR4);
    }

    /** Sets CR4. */
    public KvmSregs cr4(long value) {
        segment.set(ValueLayout.JAVA_LONG, CR4, value);
        return this;
    }

    /** IA32_EFER. */
    public long efer() {
        return segment.get(ValueLayout.JAVA_LONG, EFER);
    }

    /** Sets IA32_EFER. */
    public KvmSregs efer(long value) {
        segment.set(ValueLayout.JAVA_LONG, EFER, value);
        return this;
    }

    /** IA32_APIC_BASE. */
    public long apicBase() {
        return segment.get(ValueLayout.JAVA_LONG, APIC_BASE);
    }
}
