package ringfence.vmm.cpu;

import ringfence.vmm.kvm.ExitReason;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.kvm.KvmRegs;
import ringfence.vmm.kvm.KvmRun;
import ringfence.vmm.kvm.Vcpu;

/** Reads what a vCPU's last exit says about why it cannot go on. */
final class Faults {
    private Faults() {}

    static CpuFault read(Vcpu vcpu, ExitReason reason) {
        KvmRun run = vcpu.kvmRun();
        return switch (reason) {
            case SHUTDOWN -> new CpuFault.TripleFault(vcpu.id(), rip(vcpu));
            case FAIL_ENTRY -> new CpuFault.FailEntry(vcpu.id(), run.failEntryReason(), run.failEntryCpu());
            case INTERNAL_ERROR ->
                new CpuFault.InternalError(vcpu.id(), run.internalSuberror(), details(run), rip(vcpu));
            default -> new CpuFault.Broken(vcpu.id(), "KVM_RUN came back with exit reason " + run.exitReason());
        };
    }

    /** What it means that the vCPU's thread failed. */
    static CpuFault of(Vcpu vcpu, Throwable failure) {
        return failure instanceof KvmException refusal && refusal.reason() == KvmException.Reason.MEMORY_GONE
                ? new CpuFault.MemoryGone(vcpu.id())
                : new CpuFault.Broken(vcpu.id(), String.valueOf(failure));
    }

    private static String details(KvmRun run) {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < run.internalWords(); i++) {
            words.append(i == 0 ? "" : " ").append(Long.toHexString(run.internalWord(i)));
        }
        return words.toString();
    }

    /** Where the guest was, or 0 if even that cannot be read. */
    private static long rip(Vcpu vcpu) {
        try {
            KvmRegs regs = new KvmRegs();
            vcpu.read(regs);
            return regs.rip();
        } catch (RuntimeException e) {
            return 0;
        }
    }
}
