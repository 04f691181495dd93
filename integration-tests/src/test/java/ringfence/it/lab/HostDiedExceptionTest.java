package ringfence.it.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is said of a death of L1, and how it comes to a test. */
class HostDiedExceptionTest {
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static HostDiedException after(String lastWords) {
        return new HostDiedException("L1", lastWords);
    }

    @Test
    void tellsHowAHostWasLost() {
        assertThat(after("[ 3.1] int3: 0000 [#1]\nKernel panic").howTheEmulatorLostIt())
                .contains("int3");
        assertThat(after("[ 447.7] kvm [263]: Unhandled WRMSR").howTheEmulatorLostIt())
                .contains("without a word");
        for (String reason : new String[] {"Kernel panic - not syncing", "BUG: unable to handle", "Call Trace:"}) {
            assertThat(after("[ 3.1] " + reason).howTheEmulatorLostIt()).contains("in its kernel");
        }
    }

    /** A guest that is closed after its host has died under it fails, too: the test must see the host's death. */
    @Test
    void comesThroughWhatIsClosedOnTheWay() {
        Transcript console = new Transcript("console");
        console.fail(after("gone"));
        AutoCloseable guest = () -> console.await("never", SHORT);
        assertThatThrownBy(() -> {
                    try (guest) {
                        console.await("ready", SHORT);
                    }
                })
                .isInstanceOf(HostDiedException.class)
                .hasMessageContaining("gone");
    }
}
