package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringfence.linux.EventFd;
import ringfence.vmm.kvm.IrqRoute;
import ringfence.vmm.kvm.Vm;
import ringfence.vmm.transport.MsiRouter;

/**
 * Message interrupts of one VM: hands out GSIs above the I/O APIC's pins and owns the VM's route table, of which KVM
 * only knows the whole. Any vCPU thread may change its own function's vectors; the lock is held for one ioctl at most.
 */
final class KvmMsiRouter implements MsiRouter {
    private final VmSlot slot;
    private final int limit;
    private final BitSet used = new BitSet();
    private final Map<Integer, IrqRoute.Msi> routes = new HashMap<>();

    /** @param limit how many GSIs KVM routes ({@code KVM_CAP_IRQ_ROUTING}) */
    KvmMsiRouter(VmSlot slot, int limit) {
        this.slot = slot;
        this.limit = limit;
    }

    @Override
    public synchronized int allocate() {
        int gsi = used.nextClearBit(IrqRoute.IOAPIC_PINS);
        if (gsi >= limit) {
            return -1;
        }
        used.set(gsi);
        return gsi;
    }

    @Override
    public synchronized void free(int gsi) {
        used.clear(gsi);
        if (routes.remove(gsi) != null) {
            commit();
        }
    }

    @Override
    public synchronized void route(int gsi, long address, int data) {
        routes.put(gsi, new IrqRoute.Msi(gsi, address, data));
    }

    @Override
    public synchronized void commit() {
        Vm vm = slot.vm();
        if (vm == null) {
            return; // between two boots, or at the end: the next VM gets its table with its first change
        }
        List<IrqRoute> table = new ArrayList<>(IrqRoute.ioApicPins());
        table.addAll(routes.values());
        vm.routes(table);
    }

    @Override
    public void assign(EventFd event, int gsi) {
        slot.vm().irqfd(event.fd(), gsi);
    }

    @Override
    public void deassign(EventFd event, int gsi) {
        slot.ifThere(vm -> vm.irqfdOff(event.fd(), gsi));
    }

    @Override
    public void inject(long address, int data) {
        slot.ifThere(vm -> vm.signalMsi(address, data));
    }
}
