package ringfence.linux.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Kernel;
import ringfence.linux.Linux;
import ringfence.linux.Syscall;

/**
 * What io_uring of this kernel can do, probed once and passed on; a test takes abilities away.
 *
 * @param refusal why there is no io_uring at all; empty where there is
 * @param flags how rings can be set up
 * @param operations what they can do
 * @param timedWait whether a wait can have a limit (5.11)
 */
public record RingAbilities(Optional<String> refusal, Set<RingFlag> flags, Set<Op> operations, boolean timedWait) {
    /** From the newest kernels to the oldest; a kernel answers EINVAL to a flag that it does not know. */
    private static final List<Set<RingFlag>> GENERATIONS = List.of(
            EnumSet.allOf(RingFlag.class),
            EnumSet.complementOf(EnumSet.of(RingFlag.DEFER_TASKRUN)),
            EnumSet.complementOf(EnumSet.of(RingFlag.DEFER_TASKRUN, RingFlag.SINGLE_ISSUER)),
            EnumSet.of(RingFlag.CQSIZE, RingFlag.R_DISABLED, RingFlag.SUBMIT_ALL),
            EnumSet.of(RingFlag.CQSIZE, RingFlag.R_DISABLED),
            EnumSet.of(RingFlag.CQSIZE));

    private static final int MAX_OPS = 128;

    /** Copies what it is given. */
    public RingAbilities {
        flags = Set.copyOf(flags);
        operations = Set.copyOf(operations);
    }

    /** Whether rings can be made. */
    public boolean usable() {
        return refusal.isEmpty();
    }

    /** The same without one way of set-up, as an older kernel has it. */
    public RingAbilities without(RingFlag flag) {
        Set<RingFlag> fewer = new HashSet<>(flags);
        fewer.remove(flag);
        if (flag == RingFlag.SINGLE_ISSUER) {
            fewer.remove(RingFlag.DEFER_TASKRUN);
        }
        if (!fewer.contains(RingFlag.COOP_TASKRUN) && !fewer.contains(RingFlag.DEFER_TASKRUN)) {
            fewer.remove(RingFlag.TASKRUN_FLAG);
        }
        return new RingAbilities(refusal, fewer, operations, timedWait);
    }

    /** No io_uring, for this reason. */
    public static RingAbilities refused(String why) {
        return new RingAbilities(Optional.of(why), Set.of(), Set.of(), false);
    }

    /** Asks the kernel. It never fails: a refusal is an answer. */
    public static RingAbilities probe(Linux linux) {
        Kernel kernel = linux.kernel();
        try (Arena arena = Arena.ofConfined()) {
            for (Set<RingFlag> flags : GENERATIONS) {
                MemorySegment params = arena.allocate(RingLayout.PARAMS_SIZE, 8);
                params.set(ValueLayout.JAVA_INT, RingLayout.FLAGS, RingFlag.bits(flags));
                params.set(ValueLayout.JAVA_INT, RingLayout.CQ_ENTRIES, 4);
                long result = kernel.call(Syscall.IO_URING_SETUP, 2, params.address(), 0, 0, 0, 0);
                if (result >= 0) {
                    try (Fd ring = Fd.own(kernel, (int) result)) {
                        return of(kernel, ring, flags, params, arena);
                    }
                }
                if (result != -Errno.EINVAL.number()) {
                    return refused(why(Errno.of(-result)));
                }
            }
        }
        return refused("io_uring is refused: the kernel is older than 5.5");
    }

    private static RingAbilities of(Kernel kernel, Fd ring, Set<RingFlag> flags, MemorySegment params, Arena arena) {
        int features = params.get(ValueLayout.JAVA_INT, RingLayout.FEATURES);
        int needed = RingLayout.IORING_FEAT_SINGLE_MMAP | RingLayout.IORING_FEAT_NODROP;
        if ((features & needed) != needed) {
            return refused("io_uring is refused: the kernel is older than 5.5");
        }
        return new RingAbilities(
                Optional.empty(),
                flags,
                operations(kernel, ring, arena),
                (features & RingLayout.IORING_FEAT_EXT_ARG) != 0);
    }

    private static Set<Op> operations(Kernel kernel, Fd ring, Arena arena) {
        MemorySegment probe = arena.allocate(RingLayout.PROBE_SIZE + MAX_OPS * RingLayout.PROBE_OP_SIZE, 8);
        kernel.call(
                Syscall.IO_URING_REGISTER,
                ring.number(),
                RingLayout.IORING_REGISTER_PROBE,
                probe.address(),
                MAX_OPS,
                0,
                0);
        Set<Op> operations = EnumSet.noneOf(Op.class);
        for (Op op : Op.values()) {
            long at = RingLayout.PROBE_SIZE + op.number() * RingLayout.PROBE_OP_SIZE + RingLayout.PROBE_OP_FLAGS;
            if ((probe.get(ValueLayout.JAVA_SHORT, at) & RingLayout.IO_URING_OP_SUPPORTED) != 0) {
                operations.add(op);
            }
        }
        return operations;
    }

    private static String why(Errno errno) {
        String reason = switch (errno) {
            case ENOSYS -> "the kernel has none, or a seccomp filter hides it";
            case EPERM, EACCES -> "sysctl kernel.io_uring_disabled, or a seccomp filter, forbids it";
            case ENOMEM -> "no memory, or RLIMIT_MEMLOCK is too low for this old kernel";
            case EMFILE, ENFILE -> "too many open files";
            default -> errno.text();
        };
        return "io_uring is refused: " + errno + ": " + reason;
    }
}
