package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_irq_level { union { __u32 irq; __s32 status; }; __u32 level; }}. */
final class KvmIrqLevel {
    static final long SIZE = 8;
    static final long IRQ = 0;
    static final long LEVEL = 4;

    private KvmIrqLevel() {}

    static MemorySegment of(Arena arena, int gsi, boolean high) {
        MemorySegment level = arena.allocate(SIZE, 4);
        level.set(ValueLayout.JAVA_INT, IRQ, gsi);
        level.set(ValueLayout.JAVA_INT, LEVEL, high ? 1 : 0);
        return level;
    }
}
