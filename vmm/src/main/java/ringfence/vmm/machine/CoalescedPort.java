package ringfence.vmm.machine;

import ringfence.linux.ErrnoException;
import ringfence.vmm.kvm.CoalescedRing;
import ringfence.vmm.kvm.Vm;
import ringfence.vmm.legacy.KeptWrites;

/** Writes to a port that KVM coalesces. Lasts for one boot; not used after its VM is closed. */
final class CoalescedPort implements KeptWrites {
    private final Vm vm;
    private final CoalescedRing ring;
    private final int port;

    CoalescedPort(Vm vm, CoalescedRing ring, int port) {
        this.vm = vm;
        this.ring = ring;
        this.port = port;
    }

    @Override
    public boolean keep() {
        try {
            vm.coalesce(port);
            return true;
        } catch (ErrnoException _) { // a VM has a thousand devices at most: then each write is an exit, as before
            return false;
        }
    }

    @Override
    public void release() {
        vm.coalesceOff(port);
    }

    @Override
    public int take() {
        return ring.takeByte();
    }
}
