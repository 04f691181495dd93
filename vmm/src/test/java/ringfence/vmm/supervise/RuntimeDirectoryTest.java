package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.FaultInjector;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.NativeKernel;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

/** What a VMM that was killed leaves behind goes when the next one starts, and nothing else does. */
class RuntimeDirectoryTest {
    private static final long PID = ProcessHandle.current().pid();
    private static final int F_OFD_SETLK = 37;

    @TempDir
    Path base;

    private final Linux linux = Linux.system();
    private Path left;

    @BeforeEach
    void aVmmWasKilled() throws Exception {
        Process killed = new ProcessBuilder("/bin/true").start();
        killed.waitFor();
        left = directory("vm-" + killed.pid());
    }

    private Path of(long pid) {
        return base.resolve("vm-" + pid);
    }

    private Path directory(String name) throws Exception {
        Path made = Files.createDirectories(base.resolve(name));
        Files.write(made.resolve("counters"), new byte[10]);
        Files.createFile(made.resolve("_disk0.fence"));
        return made;
    }

    private void starts() throws Exception {
        try (RuntimeDirectory own = RuntimeDirectory.create(linux, of(PID))) {
            assertThat(own.makeFence("_disk0")).exists();
        }
        assertThat(of(PID)).doesNotExist();
    }

    @Test
    void whatItHasLeftIsRemoved() throws Exception {
        starts();
        assertThat(left).doesNotExist();
        assertThat(base).isDirectoryNotContaining("glob:**/vm-*");
    }

    @Test
    void whatAnotherVmmHasIsNot() throws Exception {
        Path other =
                directory("vm-" + ProcessHandle.current().parent().orElseThrow().pid());
        starts();
        assertThat(other).isDirectoryContaining("glob:**/counters");
    }

    /** Its number is of another PID namespace, and nobody's here. */
    @Test
    void whatSomebodyHasLockedIsNot() throws Exception {
        try (Fd directory = linux.files().open(left.toString(), OpenFlag.RDONLY, OpenFlag.DIRECTORY)) {
            assertThat(linux.files().tryLock(directory, LockType.READ, 0, 0)).isTrue();
            starts();
            assertThat(left).isDirectoryContaining("glob:**/counters");
        }
        starts();
        assertThat(left).doesNotExist();
    }

    /** It is locked as long as its VM is there. */
    @Test
    void anotherVmmLeavesOursAlone() throws Exception {
        try (RuntimeDirectory own = RuntimeDirectory.create(linux, of(PID));
                Fd directory = linux.files()
                        .open(own.counters().getParent().toString(), OpenFlag.RDONLY, OpenFlag.DIRECTORY)) {
            assertThat(linux.files().wouldConflict(directory, LockType.WRITE, 0, 0))
                    .isTrue();
        }
    }

    /** To us its number is nobody's, as that of a VMM of another PID namespace is. */
    @Test
    void aVmmThatStartsIsLeftAloneBeforeItHasLocked() throws Exception {
        long nobodys = Long.parseLong(left.getFileName().toString().substring("vm-".length()));
        Thread other = new Thread(() -> {
            try {
                starts();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        FaultInjector kernel = new FaultInjector(new NativeKernel());
        kernel.inject(
                Syscall.FCNTL,
                (fd, command, lock) -> command == F_OFD_SETLK && !Files.exists(left.resolve("counters")),
                (through, call, arguments) -> {
                    other.start();
                    await(other, 500);
                    kernel.heal(Syscall.FCNTL);
                    return through.call(call, arguments[0], arguments[1], arguments[2], 0, 0, 0);
                });
        try (RuntimeDirectory own = RuntimeDirectory.create(new Linux(kernel), of(nobodys))) {
            await(other, 10_000);
            assertThat(other.isAlive()).isFalse();
            assertThat(own.makeFence("_disk0")).exists();
        }
    }

    private static void await(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aVmmWithTheSameNumberThatLivesKeepsItsOwn() throws Exception {
        Path other = directory("vm-" + PID);
        try (Fd directory = linux.files().open(other.toString(), OpenFlag.RDONLY, OpenFlag.DIRECTORY)) {
            linux.files().tryLock(directory, LockType.READ, 0, 0);
            assertThatThrownBy(this::starts).isInstanceOf(IOException.class).hasMessageContaining("RUNTIME_DIRECTORY");
            assertThat(other).isDirectoryContaining("glob:**/counters");
        }
        starts();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void noDescriptorIsLeftOpenWhereALockIsRefused(int which) throws Exception {
        AtomicInteger locks = new AtomicInteger();
        FaultInjector kernel = new FaultInjector(new NativeKernel());
        kernel.fail(
                Syscall.FCNTL,
                Errno.ENOLCK,
                (fd, command, lock) -> command == F_OFD_SETLK && locks.incrementAndGet() == which);
        assertThatThrownBy(() -> RuntimeDirectory.create(new Linux(kernel), of(PID)))
                .isInstanceOf(ErrnoException.class);
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(open.filter(Files::exists).map(fd -> {
                        try {
                            return fd.toRealPath();
                        } catch (IOException _) {
                            return fd; // closed meanwhile
                        }
                    }))
                    .noneMatch(file -> file.startsWith(base));
        }
    }

    @Test
    void whatIsNoVmsIsNot() throws Exception {
        Path inside =
                Files.createFile(Files.createDirectories(left.resolve("folder")).resolve("file"));
        Path named = directory("vm-name");
        Path none = directory("vm-");
        Path link = Files.createSymbolicLink(base.resolve("vm-4294967295"), named);
        starts();
        assertThat(inside).exists();
        assertThat(named).isDirectoryContaining("glob:**/counters");
        assertThat(none).isDirectoryContaining("glob:**/counters");
        assertThat(link).isSymbolicLink();
    }
}
