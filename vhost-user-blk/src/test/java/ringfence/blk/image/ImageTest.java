package ringfence.blk.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.blk.Blocks;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.NativeKernel;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;
import ringfence.process.LockHolders;

/** Opening images, and the two locks. */
class ImageTest {
    private final Linux linux = Linux.system();
    private final ImageOpener opener = new ImageOpener(linux);

    @TempDir
    Path folder;

    private String image(long size) throws IOException {
        Path path = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
        }
        return path.toString();
    }

    @Test
    void aFileOnDiskIsCachedOrDirect() throws IOException {
        Path disk = Files.createTempFile(Path.of("/var/tmp"), "ringfence-blk", ".img");
        try {
            Files.write(disk, new byte[8192]);
            try (Image image = opener.open(disk.toString(), false, false)) {
                assertThat(image.kind()).isEqualTo(ImageKind.CACHED);
                assertThat(image.size()).isEqualTo(8192);
                assertThat(image.memoryAlignment()).isEqualTo(1);
                // io_uring would answer EAGAIN in place of waiting
                assertThat(linux.files().statusFlags(image.fd()) & OpenFlag.NONBLOCK.bits())
                        .isZero();
            }
            try (Image image = opener.open(disk.toString(), true, true)) {
                assertThat(image.kind()).isEqualTo(ImageKind.DIRECT);
                assertThat(linux.files().statusFlags(image.fd()) & OpenFlag.DIRECT.bits())
                        .isNotZero();
                assertThat(image.memoryAlignment()).isGreaterThan(1);
            }
        } finally {
            Files.delete(disk);
        }
    }

    @Test
    void aFileOnTmpfsIsMemoryWhateverIsAsked() throws IOException {
        Path memory = Files.createTempFile(Path.of("/dev/shm"), "ringfence-blk", ".img");
        try {
            Files.write(memory, new byte[4096]);
            try (Image image = opener.open(memory.toString(), false, true)) {
                assertThat(image.kind()).isEqualTo(ImageKind.MEMORY);
                assertThat(image.direct()).isFalse();
            }
        } finally {
            Files.delete(memory);
        }
    }

    @Test
    void whatIsNoImageIsRefusedInOneLine() throws IOException {
        assertThatThrownBy(() -> opener.open(folder.resolve("none").toString(), false, false))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("none: No such file or directory");
        assertThatThrownBy(() -> opener.open(folder.toString(), true, false))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("is neither a file nor a block device");
        assertThatThrownBy(() -> opener.open("/dev/zero", false, false))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("is neither a file nor a block device");
        String odd = image(1000);
        assertThatThrownBy(() -> opener.open(odd, false, false))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("size 1000 is not a multiple of 512");
        String empty = image(0);
        assertThatThrownBy(() -> opener.open(empty, false, false))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("is empty");
    }

    private Image locked(String path, boolean readOnly) {
        Image image = opener.open(path, readOnly, false);
        try {
            new ImageLock(linux, new LockHolders(), false).take(image, 0);
            return image;
        } catch (ImageException e) {
            image.close();
            throw e;
        }
    }

    @Test
    void manyReadersShareAnImageAndNoWriterJoins() throws IOException {
        String path = image(4096);
        try (Image first = locked(path, true);
                Image second = locked(path, true)) {
            assertThat(first.path()).isEqualTo(second.path());
            assertThatThrownBy(() -> locked(path, false)).isInstanceOf(ImageException.class);
        }
        locked(path, false).close();
    }

    @Test
    void aWriterIsAlone() throws IOException {
        String path = image(4096);
        try (Image writer = locked(path, false)) {
            assertThat(writer.readOnly()).isFalse();
            assertThatThrownBy(() -> locked(path, false)).isInstanceOf(ImageException.class);
            assertThatThrownBy(() -> locked(path, true)).isInstanceOf(ImageException.class);
        }
        locked(path, true).close();
    }

    @Test
    void aRefusedLockLeavesNothingLocked() throws IOException {
        String path = image(4096);
        try (Image reader = locked(path, true);
                Image refused = opener.open(path, false, false)) {
            ImageLock lock = new ImageLock(linux, new LockHolders(), false);
            assertThatThrownBy(() -> lock.take(refused, 0)).isInstanceOf(ImageException.class);
            assertThat(linux.files().wouldConflict(reader.fd(), LockType.WRITE, 0, 0))
                    .isFalse();
        }
    }

    private Image wholly(String path, boolean readOnly) {
        Image image = opener.open(path, readOnly, false);
        try {
            new ImageLock(linux, new LockHolders(), true).take(image, 0);
            return image;
        } catch (ImageException e) {
            image.close();
            throw e;
        }
    }

    /** C-81, lock_granularity=full: who follows no rule of ours meets it, too. */
    @Test
    void theWholeImageMayBeLocked() throws IOException {
        String path = image(4096);
        try (Image others = opener.open(path, false, false)) {
            try (Image writer = wholly(path, false)) {
                assertThat(writer.fd().isOpen()).isTrue();
                assertThat(linux.files().tryLock(others.fd(), LockType.READ, 4000, 1))
                        .isFalse();
                assertThat(linux.files().tryLock(others.fd(), LockType.READ, 1L << 40, 1))
                        .as("to the end, wherever that will be")
                        .isFalse();
                assertThatThrownBy(() -> locked(path, true)).isInstanceOf(ImageException.class);
            }
            try (Image reader = wholly(path, true)) {
                assertThat(reader.fd().isOpen()).isTrue();
                assertThat(linux.files().tryLock(others.fd(), LockType.WRITE, 4000, 1))
                        .isFalse();
                locked(path, true).close();
                wholly(path, true).close();
                assertThatThrownBy(() -> locked(path, false)).isInstanceOf(ImageException.class);
            }
            assertThat(linux.files().tryLock(others.fd(), LockType.READ, 4000, 1))
                    .isTrue();
            assertThatThrownBy(() -> wholly(path, false)).isInstanceOf(ImageException.class);
            assertThat(linux.files().wouldConflict(others.fd(), LockType.WRITE, 0, 0))
                    .as("what is refused leaves nothing locked")
                    .isFalse();
        }
    }

    /** C-80, sparse=off. */
    @Test
    void anImageMayHaveAllOfItsBlocks() throws IOException {
        String path = image(1 << 20);
        try (Image image = opener.open(path, false, false)) {
            assertThat(Blocks.of(Path.of(path))).isZero();
            assertThat(image.allocate(linux)).isTrue();
            assertThat(Blocks.of(Path.of(path))).isGreaterThanOrEqualTo(1 << 20);
            assertThat(image.resized(linux, 4096, false).size()).isEqualTo(2 << 20);
            assertThat(Blocks.of(Path.of(path))).as("and keeps them").isGreaterThanOrEqualTo(2 << 20);
            assertThat(image.resized(linux, 8192, true).size()).isEqualTo(4 << 20);
            assertThat(Blocks.of(Path.of(path))).as("by a hole").isLessThan(4 << 20);
        }
    }

    @Test
    void anImageWhoseBlocksThereAreNotStaysAsItIs() throws IOException {
        FaultInjector faults = new FaultInjector(new NativeKernel());
        Linux full = new Linux(faults);
        String path = image(1 << 20);
        try (Image image = opener.open(path, false, false)) {
            faults.fail(Syscall.FALLOCATE, Errno.ENOSPC);
            assertThatThrownBy(() -> image.allocate(full))
                    .isInstanceOf(ImageException.class)
                    .hasMessageEndingWith(
                            "no 1048576 bytes can be allocated: No space left on device: make room, or let it be"
                                    + " sparse");
            assertThatThrownBy(() -> image.resized(full, 4096, false)).isInstanceOf(ImageException.class);
            assertThat(Path.of(path)).hasSize(1 << 20);
            faults.fail(Syscall.FALLOCATE, Errno.ENOTSUP);
            assertThat(image.allocate(full)).as("NFS before 4.2").isFalse();
        }
    }

    /** C-81: a reader locks the image's bytes shared, a writer exclusively. */
    @Test
    void cloudHypervisorsLocksAreRespected() throws IOException {
        String path = image(4096);
        try (Image theirs = opener.open(path, false, false)) {
            assertThat(linux.files().tryLock(theirs.fd(), LockType.READ, 0, 4096))
                    .isTrue();
            locked(path, true).close();
            assertThatThrownBy(() -> locked(path, false)).isInstanceOf(ImageException.class);
            assertThat(linux.files().tryLock(theirs.fd(), LockType.WRITE, 0, 4096))
                    .isTrue();
            assertThatThrownBy(() -> locked(path, true)).isInstanceOf(ImageException.class);
            assertThat(linux.files().tryLock(theirs.fd(), LockType.NONE, 0, 4096))
                    .isTrue();
            try (Image writer = locked(path, false)) {
                assertThat(writer.fd().isOpen()).isTrue();
                assertThat(linux.files().tryLock(theirs.fd(), LockType.READ, 0, 4096))
                        .isFalse();
            }
            try (Image reader = locked(path, true)) {
                assertThat(reader.fd().isOpen()).isTrue();
                assertThat(linux.files().tryLock(theirs.fd(), LockType.READ, 0, 4096))
                        .isTrue();
                assertThat(linux.files().tryLock(theirs.fd(), LockType.WRITE, 0, 4096))
                        .isFalse();
            }
        }
    }

    @Test
    void theProcessThatHoldsALockIsNamed() throws Exception {
        String path = image(4096);
        Process other = new ProcessBuilder("flock", "-x", path, "sleep", "30").start();
        try {
            // flock(1) takes a lock of another kind, but one that shows in the same place
            LockHolders holders = new LockHolders();
            long deadline = System.nanoTime() + 5_000_000_000L;
            var file = opener.open(path, true, false);
            var found = holders.of(linux.files().stat(file.fd()));
            while (found.isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(10);
                found = holders.of(linux.files().stat(file.fd()));
            }
            file.close();
            assertThat(found).extracting(LockHolders.Holder::pid).contains((int) other.pid());
            assertThat(LockHolders.describe(found)).contains("(pid " + other.pid() + ")");
        } finally {
            other.descendants().forEach(ProcessHandle::destroyForcibly);
            other.destroyForcibly();
        }
    }

    @Test
    void aFenceIsHeldByOneDaemonAtATime() {
        String path = folder.resolve("vda.fence").toString();
        LockHolders holders = new LockHolders();
        try (Fence fence = Fence.take(linux, path, 0, holders)) {
            assertThat(fence.path()).isEqualTo(path);
            long start = System.nanoTime();
            assertThatThrownBy(() -> Fence.take(linux, path, 50_000_000, holders))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("fence " + path + " is held");
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000);
        }
        Fence.take(linux, path, 0, holders).close();
    }

    @Test
    void aFenceFollowsNoSymbolicLink() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("vda.fence"), folder.resolve("elsewhere"));
        assertThatThrownBy(() -> Fence.take(linux, link.toString(), 0, new LockHolders()))
                .isInstanceOf(ImageException.class);
        assertThat(folder.resolve("elsewhere")).doesNotExist();
    }
}
