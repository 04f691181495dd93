package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_signal_mask { __u32 len; __u8 sigset[]; }}: the kernel's own 64-bit set, 8 bytes. */
final class KvmSignalMask {
    static final long LEN = 0;
    static final long SIGSET = 4;
    static final int SIGSET_BYTES = 8;

    private KvmSignalMask() {}

    static MemorySegment of(Arena arena, long signals) {
        MemorySegment mask = arena.allocate(SIGSET + SIGSET_BYTES, 8);
        mask.set(ValueLayout.JAVA_INT, LEN, SIGSET_BYTES);
        mask.set(ValueLayout.JAVA_LONG_UNALIGNED, SIGSET, signals);
        return mask;
    }
}
