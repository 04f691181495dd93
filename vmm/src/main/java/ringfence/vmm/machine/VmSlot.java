package ringfence.vmm.machine;

import ringfence.vmm.kvm.Vm;
import ringfence.vmm.legacy.IrqLine;

/**
 * The place of KVM's VM within a machine: each boot puts a new one in. What lasts longer than a boot (interrupt routes,
 * doorbells, interrupt lines) asks here. Changed by the owner while no vCPU runs; read by any thread.
 */
final class VmSlot {
    private volatile Vm vm;

    /** The VM of this boot. */
    Vm vm() {
        return vm;
    }

    void put(Vm next) {
        vm = next;
    }

    /** A pin of the I/O APIC. */
    IrqLine line(int pin) {
        return high -> {
            Vm now = vm;
            if (now != null) {
                now.setIrqLine(pin, high);
            }
        };
    }
}
