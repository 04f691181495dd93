package ringfence.vmm.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every number that Java has from {@code <linux/kvm.h>} is the C compiler's. */
class KvmLayoutsTest {
    private final Map<String, Long> numbers = new LinkedHashMap<>();

    @TempDir
    Path directory;

    @Test
    void requestsExtensionsAndExits() throws Exception {
        for (KvmRequest request : KvmRequest.values()) {
            numbers.put(request.name(), request.number());
        }
        for (KvmExtension extension : KvmExtension.values()) {
            numbers.put("KVM_CAP_" + extension, (long) extension.number());
        }
        for (ExitReason reason : ExitReason.values()) {
            if (reason.number() >= 0) {
                String name = reason == ExitReason.BUS_LOCK ? "X86_BUS_LOCK" : reason.name();
                numbers.put("KVM_EXIT_" + name, (long) reason.number());
            }
        }
        for (MpState state : MpState.values()) {
            numbers.put("KVM_MP_STATE_" + state, (long) state.ordinal());
        }
        numbers.put("KVM_IRQFD_FLAG_DEASSIGN", (long) KvmIrqfd.DEASSIGN);
        numbers.put("KVM_IOEVENTFD_FLAG_DATAMATCH", (long) KvmIoeventfd.DATAMATCH);
        numbers.put("KVM_IOEVENTFD_FLAG_PIO", (long) KvmIoeventfd.PIO);
        numbers.put("KVM_IOEVENTFD_FLAG_DEASSIGN", (long) KvmIoeventfd.DEASSIGN);
        numbers.put("KVM_MEM_LOG_DIRTY_PAGES", (long) Vm.LOG_DIRTY_PAGES);
        numbers.put("KVM_MEM_READONLY", (long) Vm.READONLY);
        numbers.put("KVM_CPUID_FLAG_SIGNIFCANT_INDEX", (long) CpuidEntry.SIGNIFICANT_INDEX);
        assertThat(c()).isEqualTo(numbers);
    }

    @Test
    void registers() throws Exception {
        size("kvm_regs", KvmRegs.SIZE);
        field("kvm_regs", "rax", KvmRegs.RAX);
        field("kvm_regs", "rbx", KvmRegs.RBX);
        field("kvm_regs", "rcx", KvmRegs.RCX);
        field("kvm_regs", "rdx", KvmRegs.RDX);
        field("kvm_regs", "rsi", KvmRegs.RSI);
        field("kvm_regs", "rdi", KvmRegs.RDI);
        field("kvm_regs", "rsp", KvmRegs.RSP);
        field("kvm_regs", "rbp", KvmRegs.RBP);
        field("kvm_regs", "r8", KvmRegs.R8);
        field("kvm_regs", "rip", KvmRegs.RIP);
        field("kvm_regs", "rflags", KvmRegs.RFLAGS);
        size("kvm_segment", KvmSegment.SIZE);
        field("kvm_segment", "base", KvmSegment.BASE);
        field("kvm_segment", "limit", KvmSegment.LIMIT);
        field("kvm_segment", "selector", KvmSegment.SELECTOR);
        field("kvm_segment", "type", KvmSegment.TYPE);
        field("kvm_segment", "present", KvmSegment.PRESENT);
        field("kvm_segment", "dpl", KvmSegment.DPL);
        field("kvm_segment", "db", KvmSegment.DB);
        field("kvm_segment", "s", KvmSegment.S);
        field("kvm_segment", "l", KvmSegment.L);
        field("kvm_segment", "g", KvmSegment.G);
        field("kvm_segment", "avl", KvmSegment.AVL);
        field("kvm_segment", "unusable", KvmSegment.UNUSABLE);
        size("kvm_sregs", KvmSregs.SIZE);
        field("kvm_sregs", "cs", KvmSregs.CS);
        field("kvm_sregs", "ds", KvmSregs.DS);
        field("kvm_sregs", "es", KvmSregs.ES);
        field("kvm_sregs", "fs", KvmSregs.FS);
        field("kvm_sregs", "gs", KvmSregs.GS);
        field("kvm_sregs", "ss", KvmSregs.SS);
        field("kvm_sregs", "tr", KvmSregs.TR);
        field("kvm_sregs", "ldt", KvmSregs.LDT);
        field("kvm_sregs", "gdt", KvmSregs.GDT);
        field("kvm_sregs", "idt", KvmSregs.IDT);
        field("kvm_dtable", "limit", KvmSregs.DTABLE_LIMIT);
        field("kvm_sregs", "cr0", KvmSregs.CR0);
        field("kvm_sregs", "cr3", KvmSregs.CR3);
        field("kvm_sregs", "cr4", KvmSregs.CR4);
        field("kvm_sregs", "efer", KvmSregs.EFER);
        field("kvm_sregs", "apic_base", KvmSregs.APIC_BASE);
        size("kvm_lapic_state", KvmLapic.SIZE);
        assertThat(c()).isEqualTo(numbers);
    }

    @Test
    void sharedPage() throws Exception {
        field("kvm_run", "immediate_exit", KvmRun.IMMEDIATE_EXIT);
        field("kvm_run", "exit_reason", KvmRun.EXIT_REASON);
        field("kvm_run", "flags", KvmRun.FLAGS);
        field("kvm_run", "apic_base", KvmRun.APIC_BASE);
        field("kvm_run", "io.direction", KvmRun.IO_DIRECTION);
        field("kvm_run", "io.size", KvmRun.IO_SIZE);
        field("kvm_run", "io.port", KvmRun.IO_PORT);
        field("kvm_run", "io.count", KvmRun.IO_COUNT);
        field("kvm_run", "io.data_offset", KvmRun.IO_DATA_OFFSET);
        field("kvm_run", "mmio.phys_addr", KvmRun.MMIO_PHYS_ADDR);
        field("kvm_run", "mmio.data", KvmRun.MMIO_DATA);
        field("kvm_run", "mmio.len", KvmRun.MMIO_LEN);
        field("kvm_run", "mmio.is_write", KvmRun.MMIO_IS_WRITE);
        field("kvm_run", "fail_entry.hardware_entry_failure_reason", KvmRun.FAIL_ENTRY_REASON);
        field("kvm_run", "fail_entry.cpu", KvmRun.FAIL_ENTRY_CPU);
        field("kvm_run", "internal.suberror", KvmRun.INTERNAL_SUBERROR);
        field("kvm_run", "internal.ndata", KvmRun.INTERNAL_NDATA);
        field("kvm_run", "internal.data", KvmRun.INTERNAL_DATA);
        field("kvm_run", "system_event.type", KvmRun.SYSTEM_EVENT_TYPE);
        assertThat(c()).isEqualTo(numbers);
    }

    @Test
    void argumentsOfTheMachine() throws Exception {
        size("kvm_userspace_memory_region", KvmMemoryRegion.SIZE);
        field("kvm_userspace_memory_region", "slot", KvmMemoryRegion.SLOT);
        field("kvm_userspace_memory_region", "flags", KvmMemoryRegion.FLAGS);
        field("kvm_userspace_memory_region", "guest_phys_addr", KvmMemoryRegion.GUEST_PHYS_ADDR);
        field("kvm_userspace_memory_region", "memory_size", KvmMemoryRegion.MEMORY_SIZE);
        field("kvm_userspace_memory_region", "userspace_addr", KvmMemoryRegion.USERSPACE_ADDR);
        size("kvm_irqfd", KvmIrqfd.SIZE);
        field("kvm_irqfd", "fd", KvmIrqfd.FD);
        field("kvm_irqfd", "gsi", KvmIrqfd.GSI);
        field("kvm_irqfd", "flags", KvmIrqfd.FLAGS);
        size("kvm_ioeventfd", KvmIoeventfd.SIZE);
        field("kvm_ioeventfd", "datamatch", KvmIoeventfd.DATAMATCH_VALUE);
        field("kvm_ioeventfd", "addr", KvmIoeventfd.ADDR);
        field("kvm_ioeventfd", "len", KvmIoeventfd.LEN);
        field("kvm_ioeventfd", "fd", KvmIoeventfd.FD);
        field("kvm_ioeventfd", "flags", KvmIoeventfd.FLAGS);
        size("kvm_coalesced_mmio_zone", KvmCoalescedZone.SIZE);
        field("kvm_coalesced_mmio_zone", "addr", KvmCoalescedZone.ADDR);
        field("kvm_coalesced_mmio_zone", "size", KvmCoalescedZone.LENGTH);
        field("kvm_coalesced_mmio_zone", "pio", KvmCoalescedZone.PIO);
        size("kvm_coalesced_mmio", CoalescedRing.ENTRY_SIZE);
        field("kvm_coalesced_mmio", "data", CoalescedRing.ENTRY_DATA);
        field("kvm_coalesced_mmio_ring", "first", CoalescedRing.FIRST);
        field("kvm_coalesced_mmio_ring", "last", CoalescedRing.LAST);
        field("kvm_coalesced_mmio_ring", "coalesced_mmio", CoalescedRing.ENTRIES);
        size("kvm_msi", KvmMsi.SIZE);
        field("kvm_msi", "address_lo", KvmMsi.ADDRESS_LO);
        field("kvm_msi", "address_hi", KvmMsi.ADDRESS_HI);
        field("kvm_msi", "data", KvmMsi.DATA);
        size("kvm_irq_level", KvmIrqLevel.SIZE);
        field("kvm_irq_level", "irq", KvmIrqLevel.IRQ);
        field("kvm_irq_level", "level", KvmIrqLevel.LEVEL);
        size("kvm_enable_cap", KvmEnableCap.SIZE);
        field("kvm_enable_cap", "cap", KvmEnableCap.CAP);
        field("kvm_enable_cap", "args", KvmEnableCap.ARGS);
        assertThat(c()).isEqualTo(numbers);
    }

    @Test
    void tables() throws Exception {
        field("kvm_signal_mask", "len", KvmSignalMask.LEN);
        field("kvm_signal_mask", "sigset", KvmSignalMask.SIGSET);
        field("kvm_cpuid2", "nent", KvmCpuid2.NENT);
        field("kvm_cpuid2", "entries", KvmCpuid2.ENTRIES);
        size("kvm_cpuid_entry2", KvmCpuid2.ENTRY_SIZE);
        field("kvm_cpuid_entry2", "function", KvmCpuid2.FUNCTION);
        field("kvm_cpuid_entry2", "index", KvmCpuid2.INDEX);
        field("kvm_cpuid_entry2", "flags", KvmCpuid2.FLAGS);
        field("kvm_cpuid_entry2", "eax", KvmCpuid2.EAX);
        field("kvm_cpuid_entry2", "ebx", KvmCpuid2.EBX);
        field("kvm_cpuid_entry2", "ecx", KvmCpuid2.ECX);
        field("kvm_cpuid_entry2", "edx", KvmCpuid2.EDX);
        field("kvm_msrs", "nmsrs", KvmMsrs.NMSRS);
        field("kvm_msrs", "entries", KvmMsrs.ENTRIES);
        size("kvm_msr_entry", KvmMsrs.ENTRY_SIZE);
        field("kvm_msr_entry", "index", KvmMsrs.INDEX);
        field("kvm_msr_entry", "data", KvmMsrs.DATA);
        field("kvm_irq_routing", "nr", KvmIrqRouting.NR);
        field("kvm_irq_routing", "entries", KvmIrqRouting.ENTRIES);
        size("kvm_irq_routing_entry", KvmIrqRouting.ENTRY_SIZE);
        field("kvm_irq_routing_entry", "gsi", KvmIrqRouting.GSI);
        field("kvm_irq_routing_entry", "type", KvmIrqRouting.TYPE);
        field("kvm_irq_routing_entry", "u.irqchip.irqchip", KvmIrqRouting.IRQCHIP);
        field("kvm_irq_routing_entry", "u.irqchip.pin", KvmIrqRouting.PIN);
        field("kvm_irq_routing_entry", "u.msi.address_lo", KvmIrqRouting.ADDRESS_LO);
        field("kvm_irq_routing_entry", "u.msi.address_hi", KvmIrqRouting.ADDRESS_HI);
        field("kvm_irq_routing_entry", "u.msi.data", KvmIrqRouting.DATA);
        assertThat(c()).isEqualTo(numbers);
    }

    private void size(String struct, long size) {
        numbers.put("sizeof(struct " + struct + ")", size);
    }

    private void field(String struct, String field, long offset) {
        numbers.put("offsetof(struct " + struct + ", " + field + ")", offset);
    }

    /** The same expressions, as the C compiler answers them. */
    private Map<String, Long> c() throws Exception {
        StringBuilder source = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n#include <linux/kvm.h>\n")
                .append("int main(void) {\n");
        numbers.keySet()
                .forEach(e -> source.append("printf(\"%lld\\n\", (long long) (")
                        .append(e)
                        .append("));\n"));
        Path c = Files.writeString(directory.resolve("layouts.c"), source.append("}\n"));
        Path program = directory.resolve("layouts");
        run("cc", "-o", program.toString(), c.toString());
        List<String> lines = run(program.toString());
        Map<String, Long> answers = new LinkedHashMap<>();
        for (String expression : numbers.keySet()) {
            answers.put(expression, Long.parseLong(lines.get(answers.size())));
        }
        return answers;
    }

    private List<String> run(String... command) throws Exception {
        Path output = directory.resolve("output");
        int code = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        assertThat(code).as(() -> output + " of " + command[0]).isZero();
        return Files.readAllLines(output);
    }
}
