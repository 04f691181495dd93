package ringfence.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeFolderTest {
    @TempDir
    Path sessions;

    @Test
    void systemdsDirectoryComesFirst() {
        assertThat(RuntimeFolder.ofUnit(true, "/run/vm:/run/other", "/run/user/0"))
                .isEqualTo(Path.of("/run/vm"));
    }

    @Test
    void rootUsesRunAndUsersTheirSession() {
        assertThat(RuntimeFolder.ofUnit(true, null, "/run/user/0")).isEqualTo(Path.of("/run/ringfence"));
        assertThat(RuntimeFolder.ofUnit(false, "", "/run/user/7")).isEqualTo(Path.of("/run/user/7/ringfence"));
    }

    @Test
    void oneThatCannotBeMadeIsNamedWithTheReasonAndTheRemedy() throws Exception {
        Path file = Files.createFile(sessions.resolve("file"));
        assertThatThrownBy(() -> RuntimeFolder.make(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file + ": it is there, and no directory: set XDG_RUNTIME_DIR");
        assertThatThrownBy(() -> RuntimeFolder.make(file.resolve("below")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file + "/below: Not a directory: set XDG_RUNTIME_DIR");
        RuntimeFolder.make(sessions.resolve("one/two"));
        assertThat(Files.getPosixFilePermissions(sessions.resolve("one/two")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void withoutASessionNothingLiesWhereOthersMayWrite() {
        assertThat(RuntimeFolder.ofUnit(false, null, null)).startsWithRaw(Path.of(System.getProperty("user.home")));
    }

    /** A unit of the system has no session's variable, a shell has; a unit's own folder is not the user's. */
    @Test
    void whatVmsShareIsFoundByAllOfAUsers() throws Exception {
        assertThat(RuntimeFolder.ofUser(0, null, sessions)).isEqualTo(Path.of("/run/ringfence"));
        assertThat(RuntimeFolder.ofUser(7, "/run/user/7", sessions)).isEqualTo(Path.of("/run/user/7/ringfence"));
        assertThat(RuntimeFolder.ofUser(7, null, sessions))
                .isEqualTo(RuntimeFolder.ofUnit(false, null, null))
                .startsWithRaw(Path.of(System.getProperty("user.home")));
        Path own = Files.createDirectory(sessions.resolve("7"));
        assertThat(RuntimeFolder.ofUser(7, "", sessions)).isEqualTo(own.resolve("ringfence"));
    }
}
