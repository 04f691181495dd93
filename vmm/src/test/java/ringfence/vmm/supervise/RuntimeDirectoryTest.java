package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {
    @TempDir
    Path sessions;

    @Test
    void systemdsDirectoryComesFirst() {
        assertThat(RuntimeDirectory.base(true, "/run/vm:/run/other", "/run/user/0"))
                .isEqualTo(Path.of("/run/vm"));
    }

    @Test
    void rootUsesRunAndUsersTheirSession() {
        assertThat(RuntimeDirectory.base(true, null, "/run/user/0")).isEqualTo(Path.of("/run/ringfence"));
        assertThat(RuntimeDirectory.base(false, "", "/run/user/7")).isEqualTo(Path.of("/run/user/7/ringfence"));
    }

    @Test
    void withoutASessionNothingLiesWhereOthersMayWrite() {
        assertThat(RuntimeDirectory.base(false, null, null)).startsWithRaw(Path.of(System.getProperty("user.home")));
    }

    /** A unit of the system has no session's variable, a shell has; a unit's own folder is not the user's. */
    @Test
    void whatVmsShareIsFoundByAllOfAUsers() throws Exception {
        assertThat(RuntimeDirectory.common(0, null, sessions)).isEqualTo(Path.of("/run/ringfence"));
        assertThat(RuntimeDirectory.common(7, "/run/user/7", sessions)).isEqualTo(Path.of("/run/user/7/ringfence"));
        assertThat(RuntimeDirectory.common(7, null, sessions))
                .isEqualTo(RuntimeDirectory.base(false, null, null))
                .startsWithRaw(Path.of(System.getProperty("user.home")));
        Path own = Files.createDirectory(sessions.resolve("7"));
        assertThat(RuntimeDirectory.common(7, "", sessions)).isEqualTo(own.resolve("ringfence"));
    }
}
