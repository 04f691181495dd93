package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Landlock's rules and a filter's form (landlock(7), seccomp(2)): what binds a thread and all that it starts for good, once
 * {@link PreparedSpawn} has put it into force; a filter also this whole process, at once.
 */
public final class Confinement {
    static final int SOCK_FILTER_SIZE = 8;
    static final int SOCK_FPROG_SIZE = 16;
    static final int SOCK_FPROG_FILTER = 8;
    static final int SECCOMP_FILTER_FLAG_TSYNC = 1;

    static final int LANDLOCK_CREATE_RULESET_VERSION = 1;
    static final int LANDLOCK_RULE_PATH_BENEATH = 1;
    /** {@code handled_access_fs}, {@code handled_access_net}, {@code scoped}. */
    static final int RULESET_SIZE = 24;

    /** {@code allowed_access}, {@code parent_fd}; packed. */
    static final int PATH_BENEATH_SIZE = 12;

    static final int PARENT_FD = 8;
    /** LANDLOCK_ACCESS_NET_BIND_TCP and LANDLOCK_ACCESS_NET_CONNECT_TCP. */
    static final long TCP = 3;
    /** LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and LANDLOCK_SCOPE_SIGNAL. */
    static final long SCOPES = 3;

    private static final int ABI_OF_TCP = 4;
    private static final int ABI_OF_SCOPES = 6;

    private final Kernel kernel;

    Confinement(Kernel kernel) {
        this.kernel = kernel;
    }

    /** A {@code struct sock_fprog} and its instructions, for SECCOMP_SET_MODE_FILTER. */
    static MemorySegment program(Arena arena, List<FilterStep> filter) {
        MemorySegment steps = arena.allocate((long) SOCK_FILTER_SIZE * filter.size(), 8);
        long at = 0;
        for (FilterStep step : filter) {
            steps.set(ValueLayout.JAVA_SHORT, at, (short) step.code());
            steps.set(ValueLayout.JAVA_BYTE, at + 2, (byte) step.whenTrue());
            steps.set(ValueLayout.JAVA_BYTE, at + 3, (byte) step.whenFalse());
            steps.set(ValueLayout.JAVA_INT, at + 4, step.operand());
            at += SOCK_FILTER_SIZE;
        }
        MemorySegment program = arena.allocate(SOCK_FPROG_SIZE, 8);
        program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.size());
        program.set(ValueLayout.JAVA_LONG, SOCK_FPROG_FILTER, steps.address());
        return program;
    }

    /** The version of Landlock in this kernel; 0 if there is none, or if it is switched off. */
    public int landlockAbi() {
        long abi = kernel.call(Syscall.LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0, 0);
        return (int) Math.max(0, abi);
    }

    /**
     * A set of rules that allows nothing yet: no {@link FileRight}, no TCP, no signals to and no abstract sockets of processes
     * outside; each where the kernel's version knows it. The caller owns it.
     *
     * @param abi {@link #landlockAbi}, 1 or above
     */
    public Fd ruleset(int abi) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(RULESET_SIZE, 8);
            attributes.set(ValueLayout.JAVA_LONG, 0, bits(EnumSet.allOf(FileRight.class), abi));
            attributes.set(ValueLayout.JAVA_LONG, 8, abi >= ABI_OF_TCP ? TCP : 0);
            attributes.set(ValueLayout.JAVA_LONG, 16, abi >= ABI_OF_SCOPES ? SCOPES : 0);
            long fd = kernel.call(Syscall.LANDLOCK_CREATE_RULESET, attributes.address(), RULESET_SIZE, 0, 0, 0, 0);
            return Fd.own(kernel, (int) Call.check(fd, Syscall.LANDLOCK_CREATE_RULESET, "ABI " + abi));
        }
    }

    /**
     * Allows rights to a file, or to a directory and all below it. Rights that only a directory can have do not count where this
     * is none.
     *
     * @param path open, as O_PATH at least
     */
    public void allow(Fd ruleset, Fd path, Set<FileRight> rights, int abi) {
        boolean directory = new Files(kernel).stat(path).isDirectory();
        long allowed = 0;
        for (FileRight right : rights) {
            if (directory || right.ofFiles()) {
                allowed |= bits(Set.of(right), abi);
            }
        }
        if (allowed == 0) {
            return; // the kernel takes no empty rule
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rule = arena.allocate(PATH_BENEATH_SIZE, 8);
            rule.set(ValueLayout.JAVA_LONG, 0, allowed);
            rule.set(ValueLayout.JAVA_INT, PARENT_FD, path.number());
            long result = kernel.call(
                    Syscall.LANDLOCK_ADD_RULE, ruleset.number(), LANDLOCK_RULE_PATH_BENEATH, rule.address(), 0, 0, 0);
            Call.check(result, Syscall.LANDLOCK_ADD_RULE, path.toString());
        }
    }

    /**
     * Puts a filter upon all threads of this process, and on those to come (SECCOMP_FILTER_FLAG_TSYNC). None of them gains
     * privileges by execve from then on.
     *
     * @throws ErrnoException EPERM, EACCES: a filter forbids it; EINVAL, ENOSYS: the kernel has none; ESRCH: a thread has one
     *     of its own
     */
    public void filter(List<FilterStep> filter) {
        new Processes(kernel).noNewPrivileges();
        try (Arena arena = Arena.ofConfined()) {
            long program = program(arena, filter).address();
            long result = kernel.call(
                    Syscall.SECCOMP,
                    PreparedSpawn.SECCOMP_SET_MODE_FILTER,
                    SECCOMP_FILTER_FLAG_TSYNC,
                    program,
                    0,
                    0,
                    0);
            // above 0 it is the thread that cannot be bound
            Call.check(result > 0 ? -Errno.ESRCH.number() : result, Syscall.SECCOMP, "all threads");
        }
    }

    private static long bits(Set<FileRight> rights, int abi) {
        long bits = 0;
        for (FileRight right : rights) {
            bits |= right.abi() <= abi ? right.bits() : 0;
        }
        return bits;
    }
}
