package ringfence.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** What a device is called among others', and that nobody takes another process's name. */
class PortOwnerTest {
    private static final long PID = ProcessHandle.current().pid();

    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    private String known(String name) {
        String path = directory.resolve("s").toString();
        try (Fd listener = linux.sockets().listen(path, 1);
                Fd _ = linux.sockets().connect(path, name);
                Fd accepted = linux.sockets().tryAccept(listener).orElseThrow()) {
            return PortOwner.ofPeer(linux, accepted).orElse("nobody");
        } finally {
            linux.files().unlink(path);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "_net1",
                "a b/c\u00e4\n",
                "0123456789012345678901234567890123456789012345678901234567890123456789"
            })
    void aDeviceOfTheProcessThatConnectsIsKnown(String device) {
        String owner = PortOwner.of(PID, 99, device);
        assertThat(owner).startsWith(PID + ".99/").doesNotContain(" ").hasSizeLessThanOrEqualTo(100);
        assertThat(known(owner)).isEqualTo(owner);
    }

    @Test
    void anotherProcesssNameIsNot() {
        assertThat(known(PortOwner.of(1, 99, "_net1"))).isEqualTo("nobody");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PID", "PID.9/", "PID.9/a b", "PID.9/a/b", "PID./a", "0PID.9/a", "PID.9/\u0001"})
    void whatIsNoNameIsNot(String name) {
        assertThat(known(name.replace("PID", Long.toString(PID)))).isEqualTo("nobody");
    }
}
