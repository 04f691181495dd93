package ringfence.vmm.machine;

import java.util.OptionalLong;
import ringfence.linux.EventFd;
import ringfence.vmm.transport.Doorbells;

/** Doorbells of a machine: a guest's write there signals the eventfd inside the kernel, and the VMM never sees it. */
record KvmDoorbells(VmSlot slot) implements Doorbells {
    @Override
    public void assign(EventFd kick, long guestAddress, int width) {
        slot.vm().ioeventfd(kick.fd(), guestAddress, width, false, OptionalLong.empty());
    }

    @Override
    public void deassign(EventFd kick, long guestAddress, int width) {
        slot.ifThere(vm -> vm.ioeventfdOff(kick.fd(), guestAddress, width, false, OptionalLong.empty()));
    }
}
