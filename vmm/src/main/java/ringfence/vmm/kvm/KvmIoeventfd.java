package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct kvm_ioeventfd { __u64 datamatch, addr; __u32 len; __s32 fd; __u32 flags; __u8 pad[36]; }}. */
final class KvmIoeventfd {
    static final long SIZE = 64;
    static final long DATAMATCH_VALUE = 0;
    static final long ADDR = 8;
    static final long LEN = 16;
    static final long FD = 20;
    static final long FLAGS = 24;
    /** KVM_IOEVENTFD_FLAG_DATAMATCH. */
    static final int DATAMATCH = 1;
    /** KVM_IOEVENTFD_FLAG_PIO. */
    static final int PIO = 2;
    /** KVM_IOEVENTFD_FLAG_DEASSIGN. */
    static final int DEASSIGN = 4;

    private KvmIoeventfd() {}

    static MemorySegment of(Arena arena, long datamatch, long address, int width, int fd, int flags) {
        MemorySegment ioeventfd = arena.allocate(SIZE, 8);
        ioeventfd.set(ValueLayout.JAVA_LONG, DATAMATCH_VALUE, datamatch);
        ioeventfd.set(ValueLayout.JAVA_LONG, ADDR, address);
        ioeventfd.set(ValueLayout.JAVA_INT, LEN, width);
        ioeventfd.set(ValueLayout.JAVA_INT, FD, fd);
        ioeventfd.set(ValueLayout.JAVA_INT, FLAGS, flags);
        return ioeventfd;
    }
}
