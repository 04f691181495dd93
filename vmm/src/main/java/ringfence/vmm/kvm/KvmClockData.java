package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_clock_data { __u64 clock; __u32 flags, pad0; __u64 realtime, host_tsc; __u32 pad[4]; }}. */
final class KvmClockData {
    static final long SIZE = 48;
    static final long CLOCK = 0;

    private KvmClockData() {}

    static MemorySegment of(Arena arena, long nanos) {
        MemorySegment data = arena.allocate(SIZE, 8);
        data.set(ValueLayout.JAVA_LONG, CLOCK, nanos);
        return data;
    }
}
