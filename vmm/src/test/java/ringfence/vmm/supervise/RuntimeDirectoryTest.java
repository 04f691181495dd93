package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;

/** What a VMM that was killed leaves behind goes when the next one starts, and nothing else does. */
class RuntimeDirectoryTest {
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

    private Path directory(String name) throws Exception {
        Path made = Files.createDirectories(base.resolve(name));
        Files.write(made.resolve("counters"), new byte[10]);
        Files.createFile(made.resolve("_disk0.fence"));
        return made;
    }

    private void starts() throws Exception {
        try (RuntimeDirectory own = RuntimeDirectory.create(linux, base)) {
            assertThat(own.makeFence("_disk0")).exists();
        }
        assertThat(base.resolve("vm-" + ProcessHandle.current().pid())).doesNotExist();
    }

    @Test
    void whatItHasLeftIsRemoved() throws Exception {
        starts();
        assertThat(left).doesNotExist();
        assertThat(base).isEmptyDirectory();
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
        try (RuntimeDirectory own = RuntimeDirectory.create(linux, base);
                Fd directory = linux.files()
                        .open(own.counters().getParent().toString(), OpenFlag.RDONLY, OpenFlag.DIRECTORY)) {
            assertThat(linux.files().wouldConflict(directory, LockType.WRITE, 0, 0))
                    .isTrue();
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
