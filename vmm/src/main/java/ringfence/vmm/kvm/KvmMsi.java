package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_msi { __u32 address_lo, address_hi, data, flags, devid; __u8 pad[12]; }}. */
final class KvmMsi {
    static final long SIZE = 32;
    static final long ADDRESS_LO = 0;
    static final long ADDRESS_HI = 4;
    static final long DATA = 8;

    private KvmMsi() {}

    static MemorySegment of(Arena arena, long address, int data) {
        MemorySegment msi = arena.allocate(SIZE, 8);
        msi.set(ValueLayout.JAVA_INT, ADDRESS_LO, (int) address);
        msi.set(ValueLayout.JAVA_INT, ADDRESS_HI, (int) (address >>> 32));
        msi.set(ValueLayout.JAVA_INT, DATA, data);
        return msi;
    }
}
