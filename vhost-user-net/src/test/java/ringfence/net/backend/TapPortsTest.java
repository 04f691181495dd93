package ringfence.net.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Tap;

class TapPortsTest {
    private static final OptionalInt AS_IT_IS = OptionalInt.empty();

    private final Linux linux = Linux.system();

    @BeforeEach
    void tapsCanBeMade() {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.name()).isNotEmpty();
        } catch (ErrnoException e) {
            assumeThat(e.errno()).as(e.getMessage()).isNotIn(Errno.ENOENT, Errno.EPERM, Errno.EACCES);
            throw e;
        }
    }

    @ParameterizedTest
    @CsvSource({"tun", "tap=", "fd=", "fd=a", "fd=3:3", "fd=3:", "switch"})
    void whatIsNoBackendIsRefused(String text) {
        assertThatThrownBy(() -> TapSpec.parse(text)).hasMessageStartingWith("--backend");
    }

    @Test
    void aTapIsMadeAndBroughtUp() throws Exception {
        try (TapPorts ports = TapPorts.open(linux, TapSpec.parse("tap"), 3, OptionalInt.of(4000))) {
            assertThat(ports.count()).isEqualTo(3);
            assertThat(ports.mtu()).hasValue(4000);
            Path here = Path.of("/sys/class/net", ports.name());
            assertThat(here.resolve("mtu")).content().isEqualTo("4000\n");
            assertThat(Integer.decode(Files.readString(here.resolve("flags")).strip()) & 1)
                    .isOne();
        }
    }

    @Test
    void aTapWithOneQueueServesOnePair() throws Exception {
        ip("tuntap", "add", "dev", "rftest0", "mode", "tap");
        try {
            TapSpec spec = TapSpec.parse("tap=rftest0");
            try (TapPorts ports = TapPorts.open(linux, spec, 1, AS_IT_IS)) {
                assertThat(ports.name()).isEqualTo("rftest0");
                assertThatThrownBy(() -> TapPorts.open(linux, spec, 1, AS_IT_IS))
                        .hasMessageContaining("--backend=tap=rftest0")
                        .hasMessageContaining("in use");
            }
            assertThatThrownBy(() -> TapPorts.open(linux, spec, 2, AS_IT_IS))
                    .hasMessageContaining("multi_queue")
                    .hasMessageContaining("--queue-pairs=1");
        } finally {
            ip("link", "del", "rftest0");
        }
    }

    @Test
    void queuesThatAreHandedInBelongToOneInterface() {
        try (Tap first = Tap.open(linux, "", true);
                Tap second = Tap.open(linux, first.name(), true);
                Tap other = Tap.open(linux, "", true)) {
            int a = first.fd().number();
            int b = second.fd().number();
            int c = other.fd().number();
            for (int daemon = 0; daemon < 2; daemon++) { // the second finds queues that the first has detached
                try (TapPorts ports = TapPorts.open(linux, new TapSpec.Given(List.of(a, b)), 2, AS_IT_IS)) {
                    assertThat(ports.name()).isEqualTo(first.name());
                    assertThat(ports.mtu()).isEmpty();
                }
            }
            assertThatThrownBy(() -> TapPorts.open(linux, new TapSpec.Given(List.of(a, c)), 2, AS_IT_IS))
                    .hasMessageContaining("different interfaces");
            assertThatThrownBy(() -> TapPorts.open(linux, new TapSpec.Given(List.of(a)), 2, AS_IT_IS))
                    .hasMessageContaining("one per pair");
        }
    }

    /** A macvtap speaks the same language, also where it has one queue more per descriptor. */
    @Test
    void aMacvtapThatIsHandedInWorks() throws Exception {
        ip("tuntap", "add", "dev", "rftest1", "mode", "tap");
        try {
            assumeThat(run("link", "add", "link", "rftest1", "name", "rftest2", "type", "macvtap"))
                    .isZero();
            Path device = Path.of("/dev/tap"
                    + Files.readString(Path.of("/sys/class/net/rftest2/ifindex"))
                            .strip());
            assumeThat(device).exists();
            try (Fd fd = linux.files().open(device.toString(), OpenFlag.RDWR);
                    TapPorts ports = TapPorts.open(linux, new TapSpec.Given(List.of(fd.number())), 1, AS_IT_IS)) {
                assertThat(ports.name()).isEqualTo("rftest2");
                ports.port(0).begin(12, Set.of());
                ports.port(0).end();
            }
        } finally {
            ip("link", "del", "rftest1");
        }
    }

    private static int run(String... words) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static void ip(String... words) throws IOException, InterruptedException {
        assertThat(run(words)).as(String.join(" ", words)).isZero();
    }
}
