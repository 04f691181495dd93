package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/** System calls on processes, threads and signals. */
public final class Processes {
    /** SIGINT. */
    public static final int SIGINT = 2;
    /** SIGKILL. */
    public static final int SIGKILL = 9;
    /** SIGTERM. */
    public static final int SIGTERM = 15;
    /** SIGSTOP and SIGCONT, for tests that stop a daemon. */
    public static final int SIGCONT = 18;
    /** See {@link #SIGCONT}. */
    public static final int SIGSTOP = 19;

    private static final int SIGCHLD = 17;
    private static final int SIG_BLOCK = 0;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_NAME = 15;
    private static final int PR_CAPBSET_READ = 23;
    private static final int PR_CAPBSET_DROP = 24;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_CAP_AMBIENT = 47;
    private static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
    private static final int PR_SCHED_CORE = 62;
    private static final int PR_SCHED_CORE_GET = 0;
    private static final int PR_SCHED_CORE_CREATE = 1;
    private static final int PR_SCHED_CORE_SHARE_FROM = 3;
    private static final int RLIMIT_NOFILE = 7;
    private static final int PRIO_USER = 2;

    private final Kernel kernel;

    Processes(Kernel kernel) {
        this.kernel = kernel;
    }

    /** getpid(2). */
    public int pid() {
        return (int) kernel.call(Syscall.GETPID, 0, 0, 0, 0, 0, 0);
    }

    /** gettid(2): the kernel's id of this thread. */
    public int threadId() {
        return (int) kernel.call(Syscall.GETTID, 0, 0, 0, 0, 0, 0);
    }

    /** geteuid(2). */
    public int effectiveUser() {
        return (int) kernel.call(Syscall.GETEUID, 0, 0, 0, 0, 0, 0);
    }

    /** getegid(2). */
    public int effectiveGroup() {
        return (int) kernel.call(Syscall.GETEGID, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Starts a process from the calling thread (posix_spawn): it inherits that thread's credentials, namespaces,
     * Landlock domain, seccomp filter and no_new_privs, and nothing else but what {@link Spawn} names: no signal is
     * blocked, every signal has its default disposition, no further descriptor is open.
     *
     * @return the process; the caller owns it
     * @throws ErrnoException of execve: ENOENT, EACCES, ENOEXEC, ENOMEM, EAGAIN; EMFILE for the descriptors
     */
    public Child spawn(Spawn spawn) {
        try (PreparedSpawn prepared = prepare(spawn, Optional.empty(), List.of())) {
            prepared.start();
            return prepared.child();
        }
    }

    /**
     * The same in two steps, for a thread that confines itself in between.
     *
     * @param rules of {@link Confinement#ruleset}: for the starting thread and the process; empty: no further ones
     * @param filter a seccomp program for both; empty: no further one
     * @throws ErrnoException EMFILE for the descriptors
     */
    public PreparedSpawn prepare(Spawn spawn, Optional<Fd> rules, List<FilterStep> filter) {
        defaultChildSignal();
        return new PreparedSpawn(kernel, spawn.arguments().getFirst(), new PosixSpawn(kernel, spawn), rules, filter);
    }

    /**
     * The same, but this whole process becomes that program: its other threads end, it keeps its number and what is open and
     * not closed by execve. {@link PreparedSpawn#start} then comes back only with a failure.
     *
     * @param arguments the program's path, then its arguments
     */
    public PreparedSpawn prepareExecve(
            List<String> arguments, Map<String, String> environment, Optional<Fd> rules, List<FilterStep> filter) {
        return new PreparedSpawn(
                kernel, arguments.getFirst(), new Execve(kernel, arguments, environment), rules, filter);
    }

    /** If our parent let us inherit an ignored SIGCHLD, children would vanish before we could ask how they ended. */
    private void defaultChildSignal() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(ProcessLayout.KERNEL_SIGACTION_SIZE, 8);
            kernel.call(Syscall.RT_SIGACTION, SIGCHLD, action.address(), 0, ProcessLayout.KERNEL_SIGSET_SIZE, 0, 0);
        }
    }

    /** pidfd_open(2). The caller owns it. Safe against reuse of the number only for a child that is not yet reaped. */
    public Fd pidFd(int pid) {
        long result = kernel.call(Syscall.PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
        return Fd.own(kernel, (int) Call.check(result, Syscall.PIDFD_OPEN, "pid " + pid));
    }

    /** kill(2); signal 0 only asks whether the process exists. */
    public void kill(int pid, int signal) {
        Call.check(
                kernel.call(Syscall.KILL, pid, signal, 0, 0, 0, 0), Syscall.KILL, "pid " + pid + " signal " + signal);
    }

    /** Whether there is a process of that number, a zombie included. */
    public boolean exists(int pid) {
        return kernel.call(Syscall.KILL, pid, 0, 0, 0, 0, 0) != -Errno.ESRCH.number();
    }

    /** Whether a thread of that real user lives, a zombie included, as far as our PID namespace goes (getpriority(2)). */
    public boolean existsOf(int user) {
        return kernel.call(Syscall.GETPRIORITY, PRIO_USER, user, 0, 0, 0, 0) != -Errno.ESRCH.number();
    }

    /** Blocks a signal on the calling thread, which must be a platform thread. @return its mask before */
    public long blockSignal(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocateFrom(ValueLayout.JAVA_LONG, ProcessLayout.sigset(signal), 0L);
            long result = kernel.call(
                    Syscall.RT_SIGPROCMASK,
                    SIG_BLOCK,
                    set.address(),
                    set.address() + ProcessLayout.KERNEL_SIGSET_SIZE,
                    ProcessLayout.KERNEL_SIGSET_SIZE,
                    0,
                    0);
            Call.check(result, Syscall.RT_SIGPROCMASK, "signal " + signal);
            return set.getAtIndex(ValueLayout.JAVA_LONG, 1);
        }
    }

    /** Makes the calling thread, a platform thread, one that {@link KickSignal#send} interrupts. */
    public KickSignal kickSignal(int signal) {
        return KickSignal.block(kernel, signal);
    }

    /** PR_SET_NAME of the calling thread; the kernel keeps 15 bytes. */
    public void name(String name) {
        try (Arena arena = Arena.ofConfined()) {
            prctl(PR_SET_NAME, CString.in(arena, name).address(), "PR_SET_NAME " + name);
        }
    }

    /** PR_SET_NO_NEW_PRIVS of the calling thread: neither it nor what it starts gains privileges by execve. */
    public void noNewPrivileges() {
        prctl(PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS");
    }

    /**
     * Takes from the calling thread, a platform thread, what a program that it starts could have of root's privileges
     * (PR_CAPBSET_DROP, PR_CAP_AMBIENT_CLEAR_ALL); what it has itself stays. One that may not drop any, a user's, has
     * none to hand on but ambient ones.
     */
    public void keepOnly(Set<Capability> kept) {
        kernel.call(Syscall.PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0);
        for (int number = 0; kernel.call(Syscall.PRCTL, PR_CAPBSET_READ, number, 0, 0, 0, 0) >= 0; number++) {
            int capability = number;
            if (kept.stream().noneMatch(one -> one.number() == capability)) {
                long result = kernel.call(Syscall.PRCTL, PR_CAPBSET_DROP, number, 0, 0, 0, 0);
                if (result == -Errno.EPERM.number()) {
                    return;
                }
                Call.check(result, Syscall.PRCTL, "PR_CAPBSET_DROP " + number);
            }
        }
    }

    /**
     * Gives namespaces of its own to the calling thread, a platform thread, and to what it starts (unshare(2)). Does nothing
     * without the privilege (CAP_SYS_ADMIN), where a filter or a limit of the host's forbids it, or the kernel has none.
     *
     * @return whether it has them
     */
    public boolean unshare(Set<Namespace> namespaces) {
        int flags = namespaces.stream().mapToInt(Namespace::flag).reduce(0, (some, one) -> some | one);
        long result = kernel.call(Syscall.UNSHARE, flags, 0, 0, 0, 0, 0);
        if (Stream.of(Errno.EPERM, Errno.ENOSPC, Errno.EINVAL).noneMatch(one -> result == -one.number())) {
            Call.check(result, Syscall.UNSHARE, namespaces.toString());
        }
        return result == 0;
    }

    /**
     * PR_SET_PDEATHSIG: a signal to this process when the <em>thread</em> that started it ends. A process started by
     * a sacrificial thread is signalled as soon as that ends, so it must ask only after that, and then look at
     * getppid(2) itself.
     */
    public void parentDeathSignal(int signal) {
        prctl(PR_SET_PDEATHSIG, signal, "PR_SET_PDEATHSIG " + signal);
    }

    /**
     * Gives the calling thread a core scheduling cookie of its own (PR_SCHED_CORE_CREATE, Linux 5.14): only threads of the same
     * cookie run on the hyperthreads of one core at the same time. What it starts inherits it.
     *
     * @return false: it has none, since this host has no hyperthreads (ENODEV), or its kernel no core scheduling (EINVAL)
     * @throws ErrnoException ENOMEM, EPERM
     */
    public boolean newCoreCookie() {
        return coreCookie(PR_SCHED_CORE_CREATE, 0, 0, "PR_SCHED_CORE_CREATE");
    }

    /**
     * Gives the calling thread the core scheduling cookie of another one of this process (PR_SCHED_CORE_SHARE_FROM).
     *
     * @return false: see {@link #newCoreCookie}
     * @throws ErrnoException ESRCH: that one has ended; EPERM
     */
    public boolean shareCoreCookie(int thread) {
        return coreCookie(PR_SCHED_CORE_SHARE_FROM, thread, 0, "PR_SCHED_CORE_SHARE_FROM " + thread);
    }

    /**
     * The core scheduling cookie of a thread of ours, 0 if it has none; empty: see {@link #newCoreCookie}.
     *
     * @throws ErrnoException ESRCH, EPERM
     */
    public OptionalLong coreCookie(int thread) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cookie = arena.allocate(ValueLayout.JAVA_LONG);
            return coreCookie(PR_SCHED_CORE_GET, thread, cookie.address(), "PR_SCHED_CORE_GET " + thread)
                    ? OptionalLong.of(cookie.get(ValueLayout.JAVA_LONG, 0))
                    : OptionalLong.empty();
        }
    }

    /** Of one thread: scope 0, PR_SCHED_CORE_SCOPE_THREAD. */
    private boolean coreCookie(int command, int thread, long answer, String what) {
        long result = kernel.call(Syscall.PRCTL, PR_SCHED_CORE, command, thread, 0, answer, 0);
        if (result == -Errno.ENODEV.number() || result == -Errno.EINVAL.number()) {
            return false;
        }
        Call.check(result, Syscall.PRCTL, what);
        return true;
    }

    /**
     * Lets the calling thread, a platform thread, run on these CPUs of the host alone (sched_setaffinity(2)); those that there
     * are not do not count.
     *
     * @param cpus their numbers, 0 or above
     * @throws ErrnoException EINVAL: none of them is there for this process
     */
    public void runOn(List<Integer> cpus) {
        BitSet set = new BitSet();
        cpus.forEach(set::set);
        long[] words = set.toLongArray();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocateFrom(ValueLayout.JAVA_LONG, words);
            long result = kernel.call(
                    Syscall.SCHED_SETAFFINITY, 0, (long) Long.BYTES * words.length, mask.address(), 0, 0, 0);
            Call.check(result, Syscall.SCHED_SETAFFINITY, "CPUs " + set);
        }
    }

    private void prctl(int option, long argument, String what) {
        Call.check(kernel.call(Syscall.PRCTL, option, argument, 0, 0, 0, 0), Syscall.PRCTL, what);
    }

    /** getppid(2). */
    public int parent() {
        return (int) kernel.call(Syscall.GETPPID, 0, 0, 0, 0, 0, 0);
    }

    /** RLIMIT_NOFILE of this process. */
    public Limit openFiles() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(ProcessLayout.RLIMIT_SIZE, 8);
            Call.check(
                    kernel.call(Syscall.PRLIMIT64, 0, RLIMIT_NOFILE, 0, limit.address(), 0, 0),
                    Syscall.PRLIMIT64,
                    "RLIMIT_NOFILE");
            return new Limit(
                    limit.get(ValueLayout.JAVA_LONG, ProcessLayout.RLIM_CUR),
                    limit.get(ValueLayout.JAVA_LONG, ProcessLayout.RLIM_MAX));
        }
    }

    /** Sets RLIMIT_NOFILE. */
    public void openFiles(Limit wanted) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(ProcessLayout.RLIMIT_SIZE, 8);
            limit.set(ValueLayout.JAVA_LONG, ProcessLayout.RLIM_CUR, wanted.soft());
            limit.set(ValueLayout.JAVA_LONG, ProcessLayout.RLIM_MAX, wanted.hard());
            Call.check(
                    kernel.call(Syscall.PRLIMIT64, 0, RLIMIT_NOFILE, limit.address(), 0, 0, 0),
                    Syscall.PRLIMIT64,
                    "RLIMIT_NOFILE " + wanted);
        }
    }
}
