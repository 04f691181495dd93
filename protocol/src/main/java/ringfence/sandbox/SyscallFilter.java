package ringfence.sandbox;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringfence.linux.AddressFamily;
import ringfence.linux.Errno;
import ringfence.linux.FilterStep;
import ringfence.linux.Syscall;

/**
 * A program that judges system calls, for seccomp(2). It forbids what no daemon of ours does, and lets pass the rest. Calls
 * of another architecture (i386, x32) are forbidden, since their numbers mean something else. For calls that pass whatever
 * their arguments are, which those of the data path do, the kernel (5.11 and newer) does not run the program at all.
 *
 * @param steps the program
 */
public record SyscallFilter(List<FilterStep> steps) {
    /** What reaches into other processes, changes the host or its kernel, or opens doors to parts of it that we do not use. */
    private static final Set<Syscall> FORBIDDEN = Set.of(
            Syscall.PTRACE,
            Syscall.PROCESS_VM_READV,
            Syscall.PROCESS_VM_WRITEV,
            Syscall.PROCESS_MADVISE,
            Syscall.PIDFD_GETFD,
            Syscall.KCMP,
            Syscall.KILL, // tgkill stays: the runtime's own threads are signalled by it
            Syscall.TKILL,
            Syscall.RT_SIGQUEUEINFO,
            Syscall.RT_TGSIGQUEUEINFO,
            Syscall.PIDFD_SEND_SIGNAL,
            Syscall.TRUNCATE, // by name, which Landlock did not see before Linux 6.2
            Syscall.MOUNT,
            Syscall.UMOUNT2,
            Syscall.PIVOT_ROOT,
            Syscall.CHROOT,
            Syscall.OPEN_TREE,
            Syscall.MOVE_MOUNT,
            Syscall.FSOPEN,
            Syscall.FSCONFIG,
            Syscall.FSMOUNT,
            Syscall.FSPICK,
            Syscall.MOUNT_SETATTR,
            Syscall.SETNS,
            Syscall.BPF,
            Syscall.PERF_EVENT_OPEN,
            Syscall.USERFAULTFD,
            Syscall.FANOTIFY_INIT,
            Syscall.ADD_KEY,
            Syscall.REQUEST_KEY,
            Syscall.KEYCTL,
            Syscall.KEXEC_LOAD,
            Syscall.KEXEC_FILE_LOAD,
            Syscall.INIT_MODULE,
            Syscall.FINIT_MODULE,
            Syscall.DELETE_MODULE,
            Syscall.SWAPON,
            Syscall.SWAPOFF,
            Syscall.QUOTACTL,
            Syscall.ACCT,
            Syscall.REBOOT,
            Syscall.SYSLOG,
            Syscall.IOPL,
            Syscall.IOPERM,
            Syscall.PERSONALITY,
            Syscall.SETTIMEOFDAY,
            Syscall.CLOCK_SETTIME,
            Syscall.ADJTIMEX,
            Syscall.CLOCK_ADJTIME,
            Syscall.SETHOSTNAME,
            Syscall.SETDOMAINNAME);

    /** What a program does as it starts, and not when it serves. */
    private static final Set<Syscall> STARTED_BEFORE =
            Set.of(Syscall.EXECVE, Syscall.EXECVEAT, Syscall.FORK, Syscall.VFORK, Syscall.BIND, Syscall.LISTEN);

    private static final Set<Need> FROM_THE_START = Set.of(Need.RINGS, Need.FOLDERS);
    private static final Set<Need> WHILE_SERVING = Set.of(Need.RINGS, Need.FOLDERS, Need.USERS);

    /** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME is none that clone(2) knows. */
    private static final int NEW_NAMESPACES = 0x7E02_0000;

    private static final int NEW_TIME = 0x80;
    /** CLONE_THREAD. */
    private static final int NEW_THREAD = 0x1_0000;

    private static final int AUDIT_ARCH_X86_64 = 0xC000_003E;
    private static final int X32 = 0x4000_0000;
    /** Calls of Linux 5.15 and newer, some of which do what older ones that are forbidden do: as if there were none. */
    private static final int FIRST_UNKNOWN = 448;

    private static final int NUMBER = 0;
    private static final int ARCHITECTURE = 4;
    private static final int FIRST_ARGUMENT = 16;
    private static final int SECOND_ARGUMENT = 24;

    private static final int SOCKET_TYPE = 0xF;
    private static final int SOCK_DGRAM = 2;

    private static final int LOAD = 0x20;
    private static final int AND = 0x54;
    private static final int IF_EQUAL = 0x15;
    private static final int IF_AT_LEAST = 0x35;
    private static final int IF_ANY_BIT = 0x45;
    private static final int RETURN = 0x06;

    private static final int ALLOW = 0x7FFF_0000;
    private static final int LOGGED = 0x7FFC_0000;
    private static final int FAIL = 0x0005_0000;
    private static final int KILL_PROCESS = 0x8000_0000;

    /** Copies the list. */
    public SyscallFilter {
        steps = List.copyOf(steps);
    }

    /**
     * The filter of a process of ours from its first instruction on; empty: there shall be none.
     *
     * @param needs what it does that not all do; of {@link Need#RINGS} and {@link Need#FOLDERS}; what a program does as it starts is not among them
     * @param families the sockets that it may make. Others fail with EAFNOSUPPORT, as where the kernel has none of them: a
     *     Java runtime tries some as it starts
     * @param streams those of streams among them
     */
    public static Optional<SyscallFilter> of(
            FilterMode mode, Set<Need> needs, Set<AddressFamily> families, Streams streams) {
        return writer(mode).map(writer -> {
            writer.forbid(Need.unneeded(FROM_THE_START, needs));
            writer.noNewCalls();
            switch (streams) {
                case NONE -> writer.datagramsOnly();
                case AWAITED -> writer.fail(Syscall.CONNECT, Errno.ECONNREFUSED);
                case ANY -> {}
            }
            writer.noneOf(Syscall.CLONE, NEW_NAMESPACES);
            writer.sockets(families);
            return writer.end();
        });
    }

    /**
     * The filter of a daemon of ours that serves, on top of the other one, if there is one; empty: there shall be none. It
     * starts no process, listens at no further socket, and signals nobody but itself. A file that it opens without
     * {@linkplain Need#FILES need} fails with EACCES and is not forbidden: a Java runtime tries some, and does without.
     *
     * @param needs what it does that not all do
     * @param pid its own number
     */
    public static Optional<SyscallFilter> whileServing(FilterMode mode, Set<Need> needs, int pid) {
        return writer(mode).map(writer -> {
            writer.forbid(STARTED_BEFORE);
            writer.forbid(Need.unneeded(WHILE_SERVING, needs));
            writer.noNewCalls();
            Need.unneeded(Set.of(Need.FILES), needs).forEach(call -> writer.fail(call, Errno.EACCES));
            writer.datagramsOnly();
            writer.threadsOnly();
            writer.onlyOf(Syscall.TGKILL, pid);
            writer.sockets(Set.of(AddressFamily.UNIX));
            return writer.end();
        });
    }

    private static Optional<Writer> writer(FilterMode mode) {
        return switch (mode) {
            case FALSE -> Optional.empty();
            case LOG -> Optional.of(new Writer(LOGGED));
            case TRUE -> Optional.of(new Writer(KILL_PROCESS));
            case ERRNO -> Optional.of(new Writer(FAIL | Errno.EPERM.number()));
        };
    }

    /** Puts a program together, with this verdict on what is forbidden. */
    private static final class Writer {
        private final int refused;
        private final List<FilterStep> steps = new ArrayList<>();

        Writer(int refused) {
            this.refused = refused;
            load(ARCHITECTURE);
            jump(IF_EQUAL, AUDIT_ARCH_X86_64, 1, 0);
            end(refused);
            load(NUMBER);
            jump(IF_AT_LEAST, X32, 0, 1);
            end(refused);
            forbid(FORBIDDEN);
        }

        void forbid(Set<Syscall> calls) {
            calls.forEach(call -> {
                jump(IF_EQUAL, call.number(), 0, 1);
                end(refused);
            });
        }

        void noNewCalls() {
            if (refused != LOGGED) {
                jump(IF_AT_LEAST, FIRST_UNKNOWN, 0, 1);
                end(FAIL | Errno.ENOSYS.number());
                // its flags are out of a filter's sight; the C library then takes clone, which is judged
                fail(Syscall.CLONE3, Errno.ENOSYS);
            }
        }

        void noneOf(Syscall call, int flags) {
            jump(IF_EQUAL, call.number(), 0, 4);
            load(FIRST_ARGUMENT);
            jump(IF_ANY_BIT, flags, 0, 1);
            end(refused);
            end(ALLOW);
        }

        void threadsOnly() {
            jump(IF_EQUAL, Syscall.CLONE.number(), 0, 5);
            load(FIRST_ARGUMENT);
            jump(IF_ANY_BIT, NEW_NAMESPACES, 1, 0);
            jump(IF_ANY_BIT, NEW_THREAD, 1, 0);
            end(refused);
            end(ALLOW);
        }

        void onlyOf(Syscall call, int first) {
            jump(IF_EQUAL, call.number(), 0, 4);
            load(FIRST_ARGUMENT);
            jump(IF_EQUAL, first, 1, 0);
            end(refused);
            end(ALLOW);
        }

        /** The last ones to be judged. */
        SyscallFilter end() {
            noneOf(Syscall.UNSHARE, NEW_NAMESPACES | NEW_TIME);
            end(ALLOW);
            return new SyscallFilter(steps);
        }

        void sockets(Collection<AddressFamily> families) {
            sockets(Syscall.SOCKET, families);
            sockets(Syscall.SOCKETPAIR, families);
        }

        private void sockets(Syscall call, Collection<AddressFamily> families) {
            jump(IF_EQUAL, call.number(), 0, families.size() + 3);
            load(FIRST_ARGUMENT);
            int left = families.size();
            for (AddressFamily family : families) {
                jump(IF_EQUAL, family.number(), left, 0);
                left--;
            }
            end(failure(Errno.EAFNOSUPPORT));
            end(ALLOW);
        }

        void datagramsOnly() {
            jump(IF_EQUAL, Syscall.SOCKET.number(), 0, 5);
            load(SECOND_ARGUMENT);
            steps.add(new FilterStep(AND, 0, 0, SOCKET_TYPE));
            jump(IF_EQUAL, SOCK_DGRAM, 1, 0);
            end(failure(Errno.EAFNOSUPPORT));
            load(NUMBER);
        }

        void fail(Syscall call, Errno errno) {
            jump(IF_EQUAL, call.number(), 0, 1);
            end(failure(errno));
        }

        /** Of what a runtime tries and can do without. */
        private int failure(Errno errno) {
            return refused == LOGGED ? LOGGED : FAIL | errno.number();
        }

        /** Little end first: of an argument's 64 bits these are the lower 32, and the kernel looks at no others here. */
        private void load(int offset) {
            steps.add(new FilterStep(LOAD, 0, 0, offset));
        }

        private void jump(int comparison, int operand, int whenTrue, int whenFalse) {
            steps.add(new FilterStep(comparison, whenTrue, whenFalse, operand));
        }

        private void end(int verdict) {
            steps.add(new FilterStep(RETURN, 0, 0, verdict));
        }
    }
}
