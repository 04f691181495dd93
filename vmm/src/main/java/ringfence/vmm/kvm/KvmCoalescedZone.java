package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_coalesced_mmio_zone { __u64 addr; __u32 size; union { __u32 pad; __u32 pio; }; }}. */
final class KvmCoalescedZone {
    static final long SIZE = 16;
    static final long ADDR = 0;
    static final long LENGTH = 8;
    static final long PIO = 12;

    private KvmCoalescedZone() {}

    static MemorySegment ofPort(Arena arena, int port, int count) {
        MemorySegment zone = arena.allocate(SIZE, 8);
        zone.set(ValueLayout.JAVA_LONG, ADDR, port);
        zone.set(ValueLayout.JAVA_INT, LENGTH, count);
        zone.set(ValueLayout.JAVA_INT, PIO, 1);
        return zone;
    }
}
