package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * posix_spawn(3) of the C library. The class is loaded with the first process that is started; its functions share
 * the linked shape of the system calls.
 *
 * <p>The C library clones from the calling thread, so the child has that thread's credentials, namespaces, Landlock
 * domain, seccomp filter and no_new_privs. All is laid out by the constructor, for that thread may not be able to load a
 * class any more.
 */
final class PosixSpawn implements Start {
    /** {@code sizeof (posix_spawn_file_actions_t)}. */
    static final long FILE_ACTIONS_SIZE = 80;
    /** {@code sizeof (posix_spawnattr_t)}. */
    static final long ATTRIBUTES_SIZE = 336;
    /** {@code sizeof (sigset_t)} of the C library; the kernel's has 8 bytes. */
    static final long SIGSET_SIZE = 128;

    static final int SETSIGDEF = 4;
    static final int SETSIGMASK = 8;
    static final int SETSID = 0x80;

    private static final int F_DUPFD_CLOEXEC = 1030;

    private static final MemorySegment SPAWN = NativeKernel.address("posix_spawn");
    private static final MemorySegment ACTIONS_INIT = NativeKernel.address("posix_spawn_file_actions_init");
    private static final MemorySegment ACTIONS_DESTROY = NativeKernel.address("posix_spawn_file_actions_destroy");
    private static final MemorySegment ADD_DUP2 = NativeKernel.address("posix_spawn_file_actions_adddup2");
    private static final MemorySegment ADD_OPEN = NativeKernel.address("posix_spawn_file_actions_addopen");
    private static final MemorySegment ADD_CLOSE = NativeKernel.address("posix_spawn_file_actions_addclose");
    private static final MemorySegment ADD_CLOSE_FROM =
            NativeKernel.address("posix_spawn_file_actions_addclosefrom_np");
    private static final MemorySegment ATTRIBUTES_INIT = NativeKernel.address("posix_spawnattr_init");
    private static final MemorySegment SET_FLAGS = NativeKernel.address("posix_spawnattr_setflags");
    private static final MemorySegment SET_MASK = NativeKernel.address("posix_spawnattr_setsigmask");
    private static final MemorySegment SET_DEFAULTS = NativeKernel.address("posix_spawnattr_setsigdefault");

    private final Kernel kernel;
    private final Spawn spawn;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = NativeKernel.stateCell(arena);
    private final MemorySegment actions = arena.allocate(FILE_ACTIONS_SIZE, 8);
    private final List<Fd> sources = new ArrayList<>();
    private final MemorySegment pid = arena.allocate(4, 4);
    private final long program;
    private final long attributes;
    private final long arguments;
    private final long environment;

    /** Lays out what it takes to start that, by any thread, once. */
    PosixSpawn(Kernel kernel, Spawn spawn) {
        this.kernel = kernel;
        this.spawn = spawn;
        program = text(spawn.arguments().getFirst()).address();
        arguments = CString.array(arena, spawn.arguments()).address();
        environment = CString.environment(arena, spawn.environment()).address();
        attributes = attributes().address();
        must(ACTIONS_INIT, actions.address(), 0, 0, 0);
        try {
            int next = 1 + spawn.fds().keySet().stream().reduce(2, Integer::max);
            for (int number = 0; number < next; number++) {
                prepare(number, next);
            }
            must(ADD_CLOSE_FROM, actions.address(), next, 0, 0);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public long start() {
        int error = (int) NativeKernel.call(
                SPAWN, state, pid.address(), program, actions.address(), attributes, arguments, environment);
        return error == 0 ? pid.get(ValueLayout.JAVA_INT, 0) : -error;
    }

    @Override
    public void close() {
        sources.forEach(Fd::close);
        must(ACTIONS_DESTROY, actions.address(), 0, 0, 0);
        arena.close();
    }

    /**
     * What shall be at this number in the child. Each source is duplicated above all numbers of the child first, so
     * that no dup2 overwrites the source of a later one.
     */
    private void prepare(int number, int above) {
        Fd ours = spawn.fds().get(number);
        if (ours != null) {
            long source = kernel.call(Syscall.FCNTL, ours.number(), F_DUPFD_CLOEXEC, above, 0, 0, 0);
            sources.add(Fd.own(kernel, (int) Call.check(source, Syscall.FCNTL, "F_DUPFD_CLOEXEC of " + ours)));
            must(ADD_DUP2, actions.address(), source, number, 0);
        } else if (number <= 2) {
            int flags = (number == 0 ? OpenFlag.RDONLY : OpenFlag.WRONLY).bits();
            must(ADD_OPEN, actions.address(), number, text("/dev/null").address(), flags);
        } else {
            must(ADD_CLOSE, actions.address(), number, 0, 0);
        }
    }

    private MemorySegment attributes() {
        MemorySegment attributes = arena.allocate(ATTRIBUTES_SIZE, 8);
        MemorySegment nothing = arena.allocate(SIGSET_SIZE, 8);
        MemorySegment all = arena.allocate(SIGSET_SIZE, 8).fill((byte) 0xFF);
        must(ATTRIBUTES_INIT, attributes.address(), 0, 0, 0);
        must(SET_MASK, attributes.address(), nothing.address(), 0, 0);
        must(SET_DEFAULTS, attributes.address(), all.address(), 0, 0);
        must(SET_FLAGS, attributes.address(), SETSIGDEF | SETSIGMASK | (spawn.newSession() ? SETSID : 0), 0, 0);
        return attributes;
    }

    private MemorySegment text(String text) {
        return CString.in(arena, text);
    }

    /** These answer 0 or an error number, and fail only for want of memory. */
    private void must(MemorySegment function, long a, long b, long c, long d) {
        int error = (int) NativeKernel.call(function, state, a, b, c, d, 0, 0);
        if (error != 0) {
            throw new ErrnoException(Syscall.EXECVE, Errno.of(error), "posix_spawn set-up of " + spawn.arguments());
        }
    }
}
