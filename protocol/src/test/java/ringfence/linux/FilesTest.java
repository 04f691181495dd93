package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {
    private final Linux linux = Linux.system();
    private final Files files = linux.files();

    @TempDir
    Path directory;

    private Fd create(String name) {
        return files.open(directory.resolve(name).toString(), 0600, OpenFlag.RDWR, OpenFlag.CREAT);
    }

    @Test
    void anErrorNamesTheCallAndItsArgument() {
        assertThatThrownBy(() -> files.open("/no/such"))
                .hasMessage("openat(/no/such): ENOENT (No such file or directory)");
    }

    @Test
    void locksBelongToTheOpenFileNotToTheProcess() {
        Fd mine = create("f");
        Fd sameFile = mine.duplicate();
        try (Fd other = create("f")) {
            assertThat(files.tryLock(mine, LockType.WRITE, 100, 1)).isTrue();
            assertThat(files.tryLock(other, LockType.WRITE, 100, 1)).isFalse();
            assertThat(files.tryLock(other, LockType.READ, 100, 1)).isFalse();
            assertThat(files.wouldConflict(other, LockType.READ, 0, 0)).isTrue();
            assertThat(files.tryLock(other, LockType.WRITE, 101, 1)).isTrue();
            assertThat(files.tryLock(sameFile, LockType.READ, 100, 1))
                    .as("a duplicate shares the lock")
                    .isTrue();
            assertThat(files.tryLock(other, LockType.READ, 100, 1))
                    .as("shared by now")
                    .isTrue();
            mine.close();
            assertThat(files.wouldConflict(other, LockType.WRITE, 100, 1))
                    .as("a duplicate keeps it")
                    .isTrue();
            sameFile.close();
            assertThat(files.wouldConflict(other, LockType.WRITE, 100, 1)).isFalse();
        }
    }

    @Test
    void aWriteLockNeedsAWritableDescriptor() {
        create("ro").close();
        try (Fd readOnly = files.open(directory.resolve("ro").toString(), OpenFlag.RDONLY)) {
            assertThatThrownBy(() -> files.tryLock(readOnly, LockType.WRITE, 0, 0))
                    .hasMessageContaining("EBADF");
        }
    }

    @Test
    void staysBelowADirectory() {
        create("inside").close();
        try (Fd root = files.open(directory.toString(), OpenFlag.PATH, OpenFlag.DIRECTORY)) {
            files.openBelow(root, "inside", 0, Set.of(Resolve.BENEATH), OpenFlag.RDONLY)
                    .close();
            assertThatThrownBy(() -> files.openBelow(root, "../x", 0, Set.of(Resolve.BENEATH), OpenFlag.RDONLY))
                    .hasMessageContaining("EXDEV");
        }
    }

    @Test
    void tellsWhatADescriptorIs() {
        try (Fd memfd = linux.memory().memfd("ram", 4096);
                EventFd event = linux.events().eventFd()) {
            assertThat(files.target(memfd)).isEqualTo("/memfd:ram (deleted)");
            assertThat(linux.events().isEventFd(event.fd())).isTrue();
            assertThat(linux.events().isEventFd(memfd)).isFalse();
            assertThat(files.size(memfd)).isEqualTo(4096);
        }
    }

    @Test
    void directIoNeedsAlignedRequests() {
        create("direct").close();
        try (Fd direct = files.open(
                Path.of("target").resolve("direct").toAbsolutePath().toString(),
                0600,
                OpenFlag.RDWR,
                OpenFlag.CREAT,
                OpenFlag.DIRECT)) {
            DirectIo asked = DirectIo.of(linux, direct);
            assertThat(asked.offset()).isBetween(1, 4096);
            assertThat(Integer.bitCount(asked.memory())).isEqualTo(1);
            FaultInjector oldKernel = new FaultInjector(linux.kernel());
            oldKernel.fail(Syscall.STATX, Errno.ENOSYS);
            DirectIo tried = DirectIo.of(new Linux(oldKernel), direct);
            assertThat(tried.offset()).isBetween(512, 4096);
        }
    }

    @Test
    void aFaultIsInjectedWhereAskedAndNowhereElse() {
        FaultInjector faults = new FaultInjector(linux.kernel());
        Files faulty = new Linux(faults).files();
        try (Fd one = create("one");
                Fd two = create("two")) {
            faults.fail(Syscall.FDATASYNC, Errno.EIO, (a, b, c) -> a == one.number());
            assertThat(faulty.tryDataSync(one)).isEqualTo(-Errno.EIO.number());
            assertThat(faulty.tryDataSync(two)).isZero();
            faults.heal(Syscall.FDATASYNC);
            assertThat(faulty.tryDataSync(one)).isZero();
            assertThat(faults.count(Syscall.FDATASYNC)).isEqualTo(3);
        }
    }

    @Test
    void aClosedDescriptorIsNotUsed() {
        Fd file = create("closed");
        file.close();
        file.close();
        assertThatThrownBy(() -> files.stat(file))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }
}
