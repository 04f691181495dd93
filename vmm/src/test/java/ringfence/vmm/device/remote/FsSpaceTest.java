package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.vmm.config.FsConfig;

/** virtio 1.3, 5.11.4. */
class FsSpaceTest {
    /** Zeros fill it up, and there is none where it is as long as it may be. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "kataShared", "f\u00fcr-uns", "123456789012345678901234567890123456"})
    void holdsTheTagAndTheNumberOfRequestQueues(String tag) {
        byte[] space = FsSpace.of(FsConfig.TABLE.parse("tag=" + tag + ",socket=/s,num_queues=3"));
        assertThat(space).hasSize(40);
        assertThat(Arrays.copyOf(space, 36)).isEqualTo(Arrays.copyOf(tag.getBytes(StandardCharsets.UTF_8), 36));
        assertThat(Arrays.copyOfRange(space, 36, 40)).containsExactly(3, 0, 0, 0);
    }
}
