package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RuntimeDirectoryTest {
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
}
