package ringfence.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Capability;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;

class LeastPrivilegeTest {
    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    private String statusOf(Set<Capability> kept) throws Exception {
        Path status = Files.createTempDirectory(directory, "child").resolve("status");
        Spawn spawn = Spawn.of("/bin/cp", "/proc/self/status", status.toString());
        try (Child child = LeastPrivilege.spawn(linux, spawn, kept)) {
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

    private static String capabilities(String status) {
        return status.substring(status.indexOf("CapInh"), status.indexOf("Seccomp"));
    }

    @Test
    void theChildGainsNothingByExecve() throws Exception {
        assertThat(statusOf(Set.of())).containsPattern("NoNewPrivs:\\s1").containsPattern("CapAmb:\\s0000000000000000");
    }

    @Test
    void aProgramThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> LeastPrivilege.spawn(linux, Spawn.of("/no/such/program"), Set.of()))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("/no/such/program");
    }
}
