package ringfence.vmm.machine;

import java.util.function.Consumer;
import ringfence.vmm.kvm.Vm;
import ringfence.vmm.legacy.IrqLine;

/**
 * The place of KVM's VM within a machine: each boot puts a new one in. What lasts longer than a boot (interrupt routes,
 * doorbells, interrupt lines) asks here. Changed by the owner while no vCPU runs; read by any thread.
 */
final class VmSlot {
    private volatile Vm vm;

    /** The VM of this boot; null between two boots, and at the end. */
    Vm vm() {
        return vm;
    }

    void put(Vm next) {
        vm = next;
    }

    /** Does something to the VM, if there is one: what one had goes with it, and a device may end later than that. */
    void ifThere(Consumer<Vm> action) {
        Vm now = vm;
        if (now != null) {
            action.accept(now);
        }
    }

    /** A pin of the I/O APIC. */
    IrqLine line(int pin) {
        return high -> ifThere(now -> now.setIrqLine(pin, high));
    }
}
