package ringfence.vmm.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@code struct kvm_coalesced_mmio_ring}: writes that KVM has kept in place of an exit each, oldest first. There is one
 * per VM, which each vCPU's mapping shows; a full one makes KVM exit again. One thread at a time takes from it, and none
 * after that vCPU is closed.
 *
 * <p>Kernel documentation: Documentation/virt/kvm/api.rst, KVM_(UN)REGISTER_COALESCED_MMIO.
 */
public final class CoalescedRing {
    static final int FIRST = 0;
    static final int LAST = 4;
    static final int ENTRIES = 8;
    static final int ENTRY_SIZE = 24;
    static final int ENTRY_DATA = 16;
    static final int PAGE = 4096;

    private static final int CAPACITY = (PAGE - ENTRIES) / ENTRY_SIZE;

    private final ByteBuffer ring;

    CoalescedRing(MemorySegment page) {
        ring = page.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Takes the oldest write, of one byte: its value; -1: there is none. */
    public int takeByte() {
        int first = ring.getInt(FIRST);
        if (first == ring.getInt(LAST)) {
            return -1;
        }
        VarHandle.acquireFence(); // KVM has written the entry before it moved LAST
        int value = ring.get(ENTRIES + first % CAPACITY * ENTRY_SIZE + ENTRY_DATA) & 0xFF;
        VarHandle.releaseFence(); // and writes over it when FIRST has moved
        ring.putInt(FIRST, (first + 1) % CAPACITY);
        return value;
    }
}
