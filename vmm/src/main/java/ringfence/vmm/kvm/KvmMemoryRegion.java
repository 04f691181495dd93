package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct kvm_userspace_memory_region { __u32 slot, flags; __u64 guest_phys_addr, memory_size, userspace_addr; }}.
 */
final class KvmMemoryRegion {
    static final long SIZE = 32;
    static final long SLOT = 0;
    static final long FLAGS = 4;
    static final long GUEST_PHYS_ADDR = 8;
    static final long MEMORY_SIZE = 16;
    static final long USERSPACE_ADDR = 24;

    private KvmMemoryRegion() {}

    static MemorySegment of(Arena arena, int slot, int flags, long guestAddress, long size, long hostAddress) {
        MemorySegment region = arena.allocate(SIZE, 8);
        region.set(ValueLayout.JAVA_INT, SLOT, slot);
        region.set(ValueLayout.JAVA_INT, FLAGS, flags);
        region.set(ValueLayout.JAVA_LONG, GUEST_PHYS_ADDR, guestAddress);
        region.set(ValueLayout.JAVA_LONG, MEMORY_SIZE, size);
        region.set(ValueLayout.JAVA_LONG, USERSPACE_ADDR, hostAddress);
        return region;
    }
}
