package ringfence.vmm.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Kernel;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;

/**
 * The running kernel, except for KVM: its requests succeed and do nothing, and KVM_RUN answers with port accesses that a
 * guest makes early in its life, the last of which powers it off. For {@link Rehearsal} alone.
 */
final class RehearsalKernel implements Kernel {
    private static final int O_ACCMODE = 3;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final long KVM_TYPE = 0xAE;
    private static final int API_VERSION = 12;
    private static final int PAGE = 4096;
    private static final int RUN_SIZE = 3 * PAGE;
    private static final int ANY = 64;

    /** Port, width, 1 to write, value: debug port, COM1, clock, PCI, and soft-off. */
    private static final int[][] ACCESSES = {
        {0x80, 1, 1, 1},
        {0x3F9, 1, 1, 0},
        {0x3FB, 1, 1, 0x80},
        {0x3F8, 1, 1, 1},
        {0x3FB, 1, 1, 3},
        {0x3FD, 1, 0, 0},
        {0x3F8, 1, 1, '.'},
        {0x3F8, 1, 1, '\n'},
        {0x70, 1, 1, 0},
        {0x71, 1, 0, 0},
        {0xCF8, 4, 1, 0x8000_0000},
        {0xCFC, 4, 0, 0},
        {0xCF8, 4, 1, 0x8000_0804},
        {0xCFC, 2, 0, 0},
        {0xCFC, 2, 1, 6},
        {0x64, 1, 0, 0},
        {0x600, 1, 1, 0x34}
    };

    private final Kernel real = new NativeKernel();
    private final Linux linux = new Linux(real);
    private final AtomicInteger runs = new AtomicInteger();
    private volatile MemorySegment run;

    @Override
    public long call(Syscall call, long a, long b, long c, long d, long e, long f) {
        if (call == Syscall.OPENAT && (c & (O_ACCMODE | O_CREAT)) == O_RDWR) {
            return descriptor(); // nothing that is there already but /dev/kvm is opened so
        }
        if (call == Syscall.IOCTL && (b >> 8 & 0xFF) == KVM_TYPE) {
            return kvm((int) b & 0xFF);
        }
        return real.call(call, a, b, c, d, e, f);
    }

    private long kvm(int number) {
        return switch (number) {
            case 0x00 -> API_VERSION;
            case 0x01 -> descriptor(); // CREATE_VM
            case 0x03, 0x89 -> ANY; // CHECK_EXTENSION, SET_MSRS
            case 0x04 -> RUN_SIZE;
            case 0x41 -> processor();
            case 0x80 -> run();
            case 0x88 -> 1; // GET_MSRS
            default -> 0;
        };
    }

    private long descriptor() {
        return real.call(Syscall.EVENTFD2, 0, 0, 0, 0, 0, 0);
    }

    /** CREATE_VCPU: a file to map as kvm_run. The caller owns what is returned; our mapping lives on without it. */
    private long processor() {
        try (Fd file = linux.memory().memfd("kvm_run", RUN_SIZE)) {
            Mapping mapping = linux.memory().map(file, 0, RUN_SIZE);
            run = mapping.segment();
            return real.call(Syscall.FCNTL, file.number(), 1030 /* F_DUPFD_CLOEXEC */, 0, 0, 0, 0);
        }
    }

    private long run() {
        int next = runs.getAndIncrement();
        if (next >= ACCESSES.length) {
            return -Errno.EINTR.number();
        }
        int[] access = ACCESSES[next];
        MemorySegment page = run;
        page.set(ValueLayout.JAVA_INT, 8, 2); // KVM_EXIT_IO
        page.set(ValueLayout.JAVA_BYTE, 32, (byte) access[2]);
        page.set(ValueLayout.JAVA_BYTE, 33, (byte) access[1]);
        page.set(ValueLayout.JAVA_SHORT, 34, (short) access[0]);
        page.set(ValueLayout.JAVA_INT, 36, 1);
        page.set(ValueLayout.JAVA_LONG, 40, PAGE);
        page.set(ValueLayout.JAVA_INT, PAGE, access[3]);
        return 0;
    }
}
