package ringfence.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.linux.AddressFamily;
import ringfence.linux.Errno;
import ringfence.linux.FilterStep;
import ringfence.linux.Syscall;

/** What a filter answers, by running its program as the kernel does (linux/filter.h, seccomp(2)). */
class SyscallFilterTest {
    private static final int X86_64 = 0xC000_003E;
    private static final int I386 = 0x4000_0003;
    private static final int ALLOW = 0x7FFF_0000;
    private static final int LOG = 0x7FFC_0000;
    private static final int KILL_PROCESS = 0x8000_0000;
    private static final int STREAM = 1;
    private static final int DGRAM = 2;
    private static final int SEQPACKET = 5;
    private static final int CLOEXEC = 0x80000;
    private static final int NEWUSER = 0x1000_0000;
    private static final int NEWNET = 0x4000_0000;
    /** What the C library gives to clone(2) for a thread. */
    private static final int THREAD = 0x3D_0F00;

    private static SyscallFilter filter(FilterMode mode) {
        return SyscallFilter.of(mode, Set.of(), Set.of(AddressFamily.UNIX), Streams.NONE)
                .orElseThrow();
    }

    private static int verdict(SyscallFilter filter, Syscall call, int... arguments) {
        return run(filter.steps(), X86_64, call.number(), arguments);
    }

    private static int run(List<FilterStep> program, int architecture, int number, int... arguments) {
        int accumulator = 0;
        for (int at = 0; ; at++) {
            FilterStep step = program.get(at);
            int operand = step.operand();
            switch (step.code()) {
                case 0x20 -> // BPF_LD | BPF_W | BPF_ABS, of struct seccomp_data
                    accumulator = switch (operand) {
                        case 0 -> number;
                        case 4 -> architecture;
                        default -> arguments[(operand - 16) / 8];
                    };
                case 0x54 -> accumulator &= operand;
                case 0x15 -> at += accumulator == operand ? step.whenTrue() : step.whenFalse();
                case 0x35 ->
                    at += Integer.compareUnsigned(accumulator, operand) >= 0 ? step.whenTrue() : step.whenFalse();
                case 0x45 -> at += (accumulator & operand) != 0 ? step.whenTrue() : step.whenFalse();
                case 0x06 -> {
                    return operand;
                }
                default -> throw new AssertionError("the kernel knows no " + step);
            }
        }
    }

    private static int errno(Errno errno) {
        return 0x5_0000 | errno.number();
    }

    @Test
    void whatIsForbiddenEndsTheProcessOrFailsOrIsLogged() {
        for (Syscall call : List.of(Syscall.PTRACE, Syscall.MOUNT, Syscall.BPF, Syscall.KILL, Syscall.IO_URING_SETUP)) {
            assertThat(verdict(filter(FilterMode.TRUE), call)).as("%s", call).isEqualTo(KILL_PROCESS);
            assertThat(verdict(filter(FilterMode.ERRNO), call)).as("%s", call).isEqualTo(errno(Errno.EPERM));
            assertThat(verdict(filter(FilterMode.LOG), call)).as("%s", call).isEqualTo(LOG);
        }
        assertThat(SyscallFilter.of(FilterMode.FALSE, Set.of(), Set.of(AddressFamily.UNIX), Streams.NONE))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FALSE"})
    void theRestIsAllowed(FilterMode mode) {
        for (Syscall call : List.of(Syscall.FCNTL, Syscall.OPENAT, Syscall.MMAP, Syscall.EXECVE, Syscall.TGKILL)) {
            assertThat(verdict(filter(mode), call)).as("%s", call).isEqualTo(ALLOW);
        }
    }

    /** A number of i386 or of x32 means another call. */
    @Test
    void callsOfOtherArchitecturesAreForbidden() {
        List<FilterStep> steps = filter(FilterMode.TRUE).steps();
        assertThat(run(steps, I386, Syscall.READ.number())).isEqualTo(KILL_PROCESS);
        assertThat(run(steps, X86_64, 0x4000_0000 | Syscall.READ.number())).isEqualTo(KILL_PROCESS);
    }

    /** What a newer kernel can do beside is not known here: fchmodat2(2) for one, and setxattrat(2). */
    @Test
    void callsOfKernelsToComeAreNotThere() {
        List<FilterStep> steps = filter(FilterMode.TRUE).steps();
        assertThat(run(steps, X86_64, Syscall.MEMFD_SECRET.number())).isEqualTo(ALLOW);
        for (int number : new int[] {448, 452, 463, 1000}) {
            assertThat(run(steps, X86_64, number)).isEqualTo(errno(Errno.ENOSYS));
        }
    }

    @Test
    void threadsAreMadeAndNamespacesAreNot() {
        SyscallFilter filter = filter(FilterMode.TRUE);
        assertThat(verdict(filter, Syscall.CLONE, THREAD)).isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.CLONE, NEWUSER)).isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.UNSHARE, NEWUSER)).isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.CLONE3))
                .as("the C library takes clone then")
                .isEqualTo(errno(Errno.ENOSYS));
    }

    @Test
    void socketsAreOfTheFamiliesNamedAndDatagramsOnly() {
        SyscallFilter filter = filter(FilterMode.TRUE);
        int unix = AddressFamily.UNIX.number();
        int none = errno(Errno.EAFNOSUPPORT);
        assertThat(verdict(filter, Syscall.SOCKET, unix, DGRAM | CLOEXEC)).isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.SOCKET, unix, STREAM | CLOEXEC)).isEqualTo(none);
        assertThat(verdict(filter, Syscall.SOCKET, unix, SEQPACKET)).isEqualTo(none);
        assertThat(verdict(filter, Syscall.SOCKETPAIR, unix, STREAM)).isEqualTo(ALLOW);
        for (AddressFamily other : AddressFamily.values()) {
            if (other != AddressFamily.UNIX) {
                assertThat(verdict(filter, Syscall.SOCKET, other.number(), DGRAM))
                        .as("%s", other)
                        .isEqualTo(none);
            }
        }
        assertThat(verdict(filter, Syscall.CONNECT)).isEqualTo(ALLOW);
    }

    @Test
    void whoListensConnectsToNobody() {
        SyscallFilter filter = SyscallFilter.of(FilterMode.TRUE, Set.of(), Set.of(AddressFamily.UNIX), Streams.AWAITED)
                .orElseThrow();
        int unix = AddressFamily.UNIX.number();
        assertThat(verdict(filter, Syscall.SOCKET, unix, STREAM)).isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.SOCKET, AddressFamily.INET.number(), STREAM))
                .isEqualTo(errno(Errno.EAFNOSUPPORT));
        assertThat(verdict(filter, Syscall.CONNECT)).isEqualTo(errno(Errno.ECONNREFUSED));
    }

    @Test
    void whoNeedsRingsOrFoldersHasTheirCalls() {
        for (Need need : List.of(Need.RINGS, Need.FOLDERS)) {
            SyscallFilter filter = SyscallFilter.of(
                            FilterMode.TRUE, Set.of(need), Set.of(AddressFamily.UNIX), Streams.NONE)
                    .orElseThrow();
            assertThat(verdict(filter, Syscall.IO_URING_SETUP)).isEqualTo(need == Need.RINGS ? ALLOW : KILL_PROCESS);
            assertThat(verdict(filter, Syscall.CHMOD)).isEqualTo(need == Need.FOLDERS ? ALLOW : KILL_PROCESS);
        }
    }

    /** A shell may say for its own user who it is (BusyBox does), a daemon that serves may not; a folder's acts as others. */
    @Test
    void whoServesIsWhoItIsUnlessItActsForUsers() {
        for (Syscall call : List.of(Syscall.SETUID, Syscall.SETGID, Syscall.SETRESUID, Syscall.CAPSET)) {
            assertThat(verdict(filter(FilterMode.TRUE), call)).as("%s", call).isEqualTo(ALLOW);
            assertThat(verdict(serving(FilterMode.TRUE), call)).as("%s", call).isEqualTo(KILL_PROCESS);
            assertThat(verdict(serving(FilterMode.TRUE, Need.USERS), call))
                    .as("%s", call)
                    .isEqualTo(ALLOW);
        }
    }

    private static SyscallFilter serving(FilterMode mode, Need... needs) {
        return SyscallFilter.whileServing(mode, Set.of(needs), 17).orElseThrow();
    }

    @Test
    void whoServesStartsNothingListensToNobodyElseAndSignalsItselfOnly() {
        SyscallFilter filter = serving(FilterMode.TRUE);
        for (Syscall call : List.of(Syscall.EXECVE, Syscall.EXECVEAT, Syscall.FORK, Syscall.BIND, Syscall.PTRACE)) {
            assertThat(verdict(filter, call)).as("%s", call).isEqualTo(KILL_PROCESS);
        }
        assertThat(verdict(filter, Syscall.CLONE, THREAD)).isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.CLONE, 17)).as("a process: SIGCHLD").isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.CLONE, THREAD | NEWNET)).isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.CLONE3)).isEqualTo(errno(Errno.ENOSYS));
        assertThat(verdict(filter, Syscall.UNSHARE, NEWUSER)).isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.TGKILL, 17)).isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.TGKILL, 18)).isEqualTo(KILL_PROCESS);
        assertThat(verdict(filter, Syscall.SOCKET, AddressFamily.UNIX.number(), DGRAM))
                .isEqualTo(ALLOW);
        assertThat(verdict(filter, Syscall.SOCKET, AddressFamily.UNIX.number(), STREAM))
                .isEqualTo(errno(Errno.EAFNOSUPPORT));
        for (Syscall call :
                List.of(Syscall.READ, Syscall.MMAP, Syscall.MPROTECT, Syscall.MEMFD_CREATE, Syscall.IOCTL)) {
            assertThat(verdict(filter, call)).as("%s", call).isEqualTo(ALLOW);
        }
    }

    /** Java runtimes open files now and then, and do without. */
    @Test
    void whoServesAndNeedsNoFilesOpensNone() {
        for (Syscall call : List.of(Syscall.OPEN, Syscall.OPENAT, Syscall.OPENAT2, Syscall.CREAT)) {
            assertThat(verdict(serving(FilterMode.TRUE, Need.RINGS), call))
                    .as("%s", call)
                    .isEqualTo(errno(Errno.EACCES));
            assertThat(verdict(serving(FilterMode.ERRNO), call)).as("%s", call).isEqualTo(errno(Errno.EACCES));
            assertThat(verdict(serving(FilterMode.LOG), call)).as("%s", call).isEqualTo(LOG);
            assertThat(verdict(serving(FilterMode.TRUE, Need.FILES), call))
                    .as("%s", call)
                    .isEqualTo(ALLOW);
        }
        assertThat(SyscallFilter.whileServing(FilterMode.FALSE, Set.of(), 17)).isEmpty();
    }
}
