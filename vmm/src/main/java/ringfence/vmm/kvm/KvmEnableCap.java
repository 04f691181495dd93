package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_enable_cap { __u32 cap, flags; __u64 args[4]; __u8 pad[64]; }}. */
final class KvmEnableCap {
    static final long SIZE = 104;
    static final long CAP = 0;
    static final long ARGS = 8;

    private KvmEnableCap() {}

    static MemorySegment of(Arena arena, KvmExtension extension, long argument) {
        MemorySegment cap = arena.allocate(SIZE, 8);
        cap.set(ValueLayout.JAVA_INT, CAP, extension.number());
        cap.set(ValueLayout.JAVA_LONG, ARGS, argument);
        return cap;
    }
}
