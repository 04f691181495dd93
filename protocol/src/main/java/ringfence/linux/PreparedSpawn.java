package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A process that is started by a thread which binds itself first, by Landlock's rules and a seccomp filter. One thread
 * prepares it, a second one, a platform thread that does nothing else after, starts it, and the first one takes it over. The
 * second one may not be able to open a file any more, and so to load a class: it makes three calls that are laid out before.
 */
public final class PreparedSpawn implements AutoCloseable {
    static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int NONE = -1;

    private final Kernel kernel;
    private final Start program;
    private final Arena arena = Arena.ofShared();
    private final int rules;
    private final MemorySegment filter;
    private final String name;
    private Syscall last = Syscall.EXECVE;
    private long result = -Errno.EINVAL.number(); // until it is started

    /** @param name the program's, for messages; it is closed with this */
    PreparedSpawn(Kernel kernel, String name, Start program, Optional<Fd> rules, List<FilterStep> filter) {
        this.kernel = kernel;
        this.name = name;
        this.program = program;
        this.rules = rules.map(Fd::number).orElse(NONE);
        this.filter = filter.isEmpty() ? MemorySegment.NULL : Confinement.program(arena, filter);
    }

    /** Binds the calling thread, which must have {@linkplain Processes#noNewPrivileges no new privileges}, and starts it. */
    public void start() {
        if (rules != NONE && failed(Syscall.LANDLOCK_RESTRICT_SELF, rules, 0, 0)) {
            return;
        }
        long address = filter.address();
        if (address != 0 && failed(Syscall.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, address)) {
            return;
        }
        last = Syscall.EXECVE;
        result = program.start();
    }

    private boolean failed(Syscall call, long a, long b, long c) {
        last = call;
        result = kernel.call(call, a, b, c, 0, 0, 0);
        return result < 0;
    }

    /**
     * The process, after {@link #start} has returned; the caller owns it.
     *
     * @throws ErrnoException of execve: ENOENT, EACCES, ENOEXEC, ENOMEM, EAGAIN; of landlock_restrict_self or seccomp: EPERM
     *     or EACCES without no_new_privs, E2BIG in the 17th set of rules, EINVAL where the kernel has no filters
     */
    public Child child() {
        int pid = (int) Call.check(result, last, name);
        return new Child(kernel, pid, new Processes(kernel).pidFd(pid));
    }

    /** Why {@link #start} has come back, where it was to make this process another program: as {@link #child} throws it. */
    public ErrnoException failure() {
        return new ErrnoException(last, Errno.of(-result), name);
    }

    @Override
    public void close() {
        program.close();
        arena.close();
    }
}
