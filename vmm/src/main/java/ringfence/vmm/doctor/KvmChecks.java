package ringfence.vmm.doctor;

import java.util.List;
import java.util.Optional;
import ringfence.vmm.kvm.CpuidEntry;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.kvm.KvmFitness;
import ringfence.vmm.kvm.Vm;

/** Whether KVM is there, open, real, and what guests may have of it. */
final class KvmChecks {
    private static final String KVM = "kvm";
    private static final String NESTING = "nesting";
    private static final int FEATURES = 1;
    private static final int VMX = 1 << 5;
    private static final int AMD_FEATURES = 0x8000_0001;
    private static final int SVM = 1 << 2;

    private KvmChecks() {}

    static List<Finding> of(Host host) {
        try (Kvm kvm = Kvm.open(host.linux(), host.path(Kvm.DEVICE).toString());
                Vm vm = kvm.createVm()) {
            vm.createVcpu(0).close();
            return List.of(kvm(host, kvm), nesting(kvm));
        } catch (KvmException e) {
            return List.of(
                    Finding.fail(KVM, e.getMessage(), remedy(e.reason())),
                    Finding.warn(NESTING, "not known without KVM", "see kvm"));
        }
    }

    private static Finding kvm(Host host, Kvm kvm) {
        String found = kvm.caps().maxVcpus() + " vCPUs a VM at most; a VM with one was made";
        Optional<String> unfit = KvmFitness.found(host.linux());
        return unfit.isPresent()
                ? Finding.fail(KVM, found + ", but no stock kernel runs in it", unfit.get())
                : Finding.ok(KVM, found);
    }

    private static String remedy(KvmException.Reason reason) {
        return switch (reason) {
            case MISSING ->
                "modprobe kvm_intel or kvm_amd, switch virtualization on in the firmware; in a VM, let its host"
                        + " pass it on";
            case NO_PERMISSION -> "usermod -aG kvm USER, and log in again";
            default -> "look at dmesg, and for another hypervisor that has the processor";
        };
    }

    /** What guests would see: a kernel's parameter says less. */
    private static Finding nesting(Kvm kvm) {
        for (CpuidEntry entry : kvm.supportedCpuid()) {
            if (entry.function() == FEATURES && (entry.ecx() & VMX) != 0
                    || entry.function() == AMD_FEATURES && (entry.ecx() & SVM) != 0) {
                return Finding.ok(NESTING, "guests may have KVM of their own");
            }
        }
        return Finding.warn(
                NESTING,
                "guests get no KVM of their own",
                "load kvm_intel or kvm_amd with nested=1, for --cpus nested=on");
    }
}
