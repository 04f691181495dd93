package ringfence.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Capability;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.FileRight;
import ringfence.linux.Linux;
import ringfence.linux.Namespace;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;

class BoxedProcessTest {
    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    private String statusOf(Set<Capability> kept) throws Exception {
        Path status = Files.createTempDirectory(directory, "child").resolve("status");
        Spawn spawn = Spawn.of("/bin/cp", "/proc/self/status", status.toString());
        try (Child child = BoxedProcess.spawn(linux, spawn, Box.ofPrivileges(kept))) {
            assertThat(child.await(20_000_000_000L)).hasValue(0);
        }
        return Files.readString(status);
    }

    @Test
    void ofRootsPrivilegesTheChildHasThoseNamedAndCanGetNoOthers() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        String own = Files.readString(Path.of("/proc/thread-self/status"));
        assertThat(statusOf(Set.of(Capability.DAC_OVERRIDE)))
                .containsPattern("CapPrm:\\s0000000000000002")
                .containsPattern("CapEff:\\s0000000000000002")
                .containsPattern("CapBnd:\\s0000000000000002");
        assertThat(statusOf(Set.of())).containsPattern("CapEff:\\s0000000000000000");
        assertThat(capabilities(Files.readString(Path.of("/proc/thread-self/status"))))
                .as("ours are as they were")
                .isEqualTo(capabilities(own));
    }

    @Test
    void aUserOfItsOwnHasThosePrivilegesAndNoGroups() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        String own = Files.readString(Path.of("/proc/thread-self/status"));
        int user = 1_879_048_191;
        Box box = Box.ofPrivileges(Set.of(Capability.NET_ADMIN)).as(user);
        Path status = directory.resolve("status");
        try (Fd file = linux.files().open(status.toString(), 0600, OpenFlag.WRONLY, OpenFlag.CREAT);
                Child child = BoxedProcess.spawn(
                        linux, Spawn.of("/bin/cat", "/proc/self/status").fd(1, file), box)) {
            assertThat(child.await(20_000_000_000L)).hasValue(0);
        }
        String four = ("\\s" + user).repeat(4) + "\n";
        assertThat(Files.readString(status))
                .containsPattern("Uid:" + four)
                .containsPattern("Gid:" + four)
                .containsPattern("Groups:\\s*\n")
                .containsPattern("CapPrm:\\s0000000000001000")
                .containsPattern("CapEff:\\s0000000000001000")
                .containsPattern("CapBnd:\\s0000000000001000");
        assertThat(Files.readString(Path.of("/proc/self/status"))).contains("Uid:\t0\t0\t0\t0\n");
        assertThat(capabilities(Files.readString(Path.of("/proc/thread-self/status"))))
                .as("ours are as they were")
                .isEqualTo(capabilities(own));
    }

    private static String capabilities(String status) {
        return status.substring(status.indexOf("CapInh"), status.indexOf("Seccomp"));
    }

    @Test
    void theChildGainsNothingByExecve() throws Exception {
        assertThat(statusOf(Set.of())).containsPattern("NoNewPrivs:\\s1").containsPattern("CapAmb:\\s0000000000000000");
    }

    @Test
    void ofFilesTheChildReachesThoseThatARuleNames() throws Exception {
        assumeThat(linux.confinement().landlockAbi()).isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        Path named = Files.createFile(directory.resolve("named"));
        Path other = Files.createFile(directory.resolve("other"));
        FileRules rules = new FileRules(
                directory, Path.of("/bin/cat"), List.of(PathRule.of(named.toString(), FileRight.READ_FILE)));
        Box box = new Box(Set.of(), Set.of(), Optional.empty(), Optional.of(rules));
        for (Path file : List.of(named, other)) {
            try (Child cat = BoxedProcess.spawn(linux, Spawn.of("/bin/cat", file.toString()), box)) {
                assertThat(cat.await(20_000_000_000L)).hasValue(file.equals(named) ? 0 : 1);
            }
        }
        assertThat(Files.readString(other)).as("we are not bound").isEmpty();
    }

    /** Not even that other files are there can be seen; what is written to is the host's. */
    @Test
    void inATreeOfItsOwnThereIsWhatARuleNames() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        assumeThat(linux.confinement().landlockAbi()).isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        assertThat(BoxedProcess.givesTrees(linux)).isTrue();
        Path named = Files.createFile(directory.resolve("named"));
        Files.writeString(directory.resolve("read"), "seen\n");
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("read"));
        Path other = Files.createFile(directory.resolve("other"));
        Path gone = directory.resolve("gone");
        List<PathRule> rules = List.of(
                PathRule.of(named.toString(), FileRight.READ_FILE, FileRight.WRITE_FILE),
                PathRule.of(link.toString(), FileRight.READ_FILE),
                PathRule.of(gone.toString(), FileRight.READ_FILE));
        Box box = new Box(
                Set.of(Namespace.MOUNT),
                Set.of(),
                Optional.empty(),
                Optional.of(new FileRules(directory.resolve("home"), Path.of("/bin/sh"), rules)));
        Files.createDirectories(directory.resolve("home/lib"));
        String script = "{ pwd; read line <$1/link; echo $line; [ -e $1/other ]; echo $?; [ -e /etc/passwd ]; echo $?;"
                + " [ -c /dev/null ]; echo $?; (: >/new) 2>/dev/null; echo $?; (: >$1/read) 2>/dev/null; echo $?; }"
                + " >>$1/named";
        Spawn spawn = Spawn.of("/bin/sh", "-c", script, "sh", directory.toString());
        try (Child shell = BoxedProcess.spawn(linux, spawn, box)) {
            assertThat(shell.await(20_000_000_000L)).hasValue(0);
        }
        assertThat(Files.readAllLines(named))
                .containsExactly(Path.of("").toAbsolutePath().toString(), "seen", "1", "1", "0", "2", "2");
        assertThat(other).exists();
        assertThat(directory.resolve("home/lib"))
                .as("of ours nothing was changed")
                .isEmptyDirectory();
    }

    /** Who has no privilege to pass over modes finds it as well, however strict those are that we make files with. */
    @Test
    void anotherUserFindsItWhateverOurUmaskIs() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        assumeThat(linux.confinement().landlockAbi()).isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        Path named = Files.createFile(directory.resolve("named"));
        FileRules rules = new FileRules(
                directory, Path.of("/bin/sh"), List.of(PathRule.of(named.toString(), FileRight.READ_FILE)));
        Box box = new Box(Set.of(Namespace.MOUNT), Set.of(), Optional.empty(), Optional.of(rules)).as(1_879_048_191);
        Spawn spawn = Spawn.of("/bin/sh", "-c", "[ -e $1 ] && [ $(umask) = 0077 ]", "sh", named.toString());
        int mask = linux.files().umask(077);
        try (Child shell = BoxedProcess.spawn(linux, spawn, box)) {
            assertThat(shell.await(20_000_000_000L)).hasValue(0);
        } finally {
            linux.files().umask(mask);
        }
    }

    @Test
    void aProgramThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> BoxedProcess.spawn(linux, Spawn.of("/no/such/program"), Box.ofPrivileges(Set.of())))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("/no/such/program");
    }
}
