package ringfence.vmm.cpu;

import java.util.List;
import ringfence.vmm.kvm.CpuidEntry;
import ringfence.vmm.kvm.KvmLapic;
import ringfence.vmm.kvm.KvmRegs;
import ringfence.vmm.kvm.KvmSegment;
import ringfence.vmm.kvm.KvmSregs;
import ringfence.vmm.kvm.MsrValue;
import ringfence.vmm.kvm.Vcpu;

/**
 * What firmware would have done to a processor before the kernel runs. Called for each vCPU before its first run, by
 * the thread that made it.
 */
public final class VcpuSetup {
    /** Selector of flat 32-bit code, Linux's __BOOT_CS. */
    public static final int CODE_SELECTOR = 0x10;
    /** Selector of flat data, Linux's __BOOT_DS. */
    public static final int DATA_SELECTOR = 0x18;
    /** Selector of the task state segment. */
    public static final int TSS_SELECTOR = 0x20;
    /** The last byte of a GDT that ends with the TSS. */
    public static final int GDT_LIMIT = TSS_SELECTOR + 7;

    static final int MSR_IA32_MISC_ENABLE = 0x1A0;
    static final int MSR_MTRR_DEF_TYPE = 0x2FF;
    static final long MISC_ENABLE_FAST_STRING = 1;
    /** MTRRs on (bit 11), fixed ones off, and what none covers is write-back (6). */
    static final long MTRR_ENABLE_WRITE_BACK = 0x806;

    private static final int LVT_EXTINT = 0x700;
    private static final int LVT_NMI = 0x400;
    private static final long CR0_PE = 1;
    private static final long CR0_ET = 0x10;
    private static final long RFLAGS_FIXED = 2;

    private VcpuSetup() {}

    /** Every processor: CPUID, MSRs, LAPIC. */
    public static void every(Vcpu vcpu, List<CpuidEntry> cpuid) {
        vcpu.cpuid(cpuid);
        vcpu.writeMsrs(List.of(
                new MsrValue(MSR_IA32_MISC_ENABLE, MISC_ENABLE_FAST_STRING),
                new MsrValue(MSR_MTRR_DEF_TYPE, MTRR_ENABLE_WRITE_BACK)));
        KvmLapic lapic = new KvmLapic();
        vcpu.read(lapic);
        // the wiring of the MP specification, 1.4: LINT0 the 8259s (of which we route nothing), LINT1 the NMI
        lapic.register(KvmLapic.LVT_LINT0, LVT_EXTINT).register(KvmLapic.LVT_LINT1, LVT_NMI);
        vcpu.write(lapic);
    }

    /** The boot processor: its registers. The others wait for INIT and SIPI, as KVM makes them. */
    public static void boot(Vcpu vcpu, EntryPoint entry) {
        KvmSregs sregs = new KvmSregs();
        vcpu.read(sregs);
        sregs.cs(KvmSegment.flatCode(CODE_SELECTOR))
                .data(KvmSegment.flatData(DATA_SELECTOR))
                .tr(KvmSegment.tss(TSS_SELECTOR))
                .gdt(entry.gdtBase(), GDT_LIMIT)
                .idt(0, 0)
                .cr0(CR0_PE | CR0_ET)
                .cr3(0)
                .cr4(0)
                .efer(0);
        vcpu.write(sregs);
        vcpu.write(new KvmRegs()
                .rip(entry.rip())
                .rbx(entry.rbx())
                .rsi(entry.rsi())
                .rsp(entry.rsp())
                .rflags(RFLAGS_FIXED));
    }
}
