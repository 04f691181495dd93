package ringfence.vmm.machine;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import ringfence.linux.Mapping;
import ringfence.vmm.transport.MemorySlots;

/** KVM's memory slots for devices' memory. RAM has the first ones. */
final class KvmMemorySlots implements MemorySlots {
    /** More than a machine has ranges of RAM. */
    private static final int FIRST = 8;

    private final VmSlot slot;
    private final Map<Long, Integer> numbers = new HashMap<>(); // by guest address
    private final BitSet taken = new BitSet();

    KvmMemorySlots(VmSlot slot) {
        this.slot = slot;
        taken.set(0, FIRST);
    }

    @Override
    public void map(long guestAddress, Mapping memory) {
        int number = taken.nextClearBit(FIRST);
        slot.vm().memorySlot(number, guestAddress, memory.size(), memory.address(), 0);
        taken.set(number);
        numbers.put(guestAddress, number);
    }

    @Override
    public void unmap(long guestAddress) {
        int number = numbers.remove(guestAddress);
        slot.ifThere(vm -> vm.memorySlot(number, guestAddress, 0, 0, 0));
        taken.clear(number);
    }
}
