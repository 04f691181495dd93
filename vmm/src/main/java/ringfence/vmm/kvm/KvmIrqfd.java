package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_irqfd { __u32 fd, gsi, flags, resamplefd; __u8 pad[16]; }}. */
final class KvmIrqfd {
    static final long SIZE = 32;
    static final long FD = 0;
    static final long GSI = 4;
    static final long FLAGS = 8;
    /** KVM_IRQFD_FLAG_DEASSIGN. */
    static final int DEASSIGN = 1;

    private KvmIrqfd() {}

    static MemorySegment of(Arena arena, int fd, int gsi, int flags) {
        MemorySegment irqfd = arena.allocate(SIZE, 8);
        irqfd.set(ValueLayout.JAVA_INT, FD, fd);
        irqfd.set(ValueLayout.JAVA_INT, GSI, gsi);
        irqfd.set(ValueLayout.JAVA_INT, FLAGS, flags);
        return irqfd;
    }
}
