package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.VmmApi;

/** The socket at which a VMM serves its API. */
class ApiSocketTest {
    @TempDir
    Path directory;

    private Process vmm;

    @AfterEach
    void end() throws Exception {
        if (vmm != null) {
            vmm.destroyForcibly().waitFor();
        }
    }

    private void start() throws Exception {
        vmm = Programs.start(directory, "vmm", "cloud-hypervisor", List.of("--api-socket", "api"));
        while (!api().isServed()) {
            assertThat(vmm.isAlive())
                    .as(Files.readString(directory.resolve("vmm.err")))
                    .isTrue();
            Thread.sleep(10);
        }
    }

    private VmmApi api() {
        return new VmmApi(directory.resolve("api"));
    }

    @Test
    void itIsItsOwnUsers() throws Exception {
        start();
        assertThat(Files.getPosixFilePermissions(directory.resolve("api")))
                .noneMatch(right ->
                        right.name().startsWith("GROUP") || right.name().startsWith("OTHERS"))
                .contains(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }

    @Test
    void oneThatSomebodyHasLeftBehindIsReplaced() throws Exception {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(directory.resolve("api")))
                .close();
        assertThat(directory.resolve("api")).exists();
        start();
    }

    @Test
    void anotherVmmsIsLeftToIt() throws Exception {
        start();
        Process second = Programs.start(directory, "second", "cloud-hypervisor", List.of("--api-socket", "api"));
        assertThat(second.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).isNotZero();
        assertThat(directory.resolve("second.err"))
                .content()
                .contains("--api-socket api: another process serves it")
                .hasLineCount(1);
        assertThat(api().isServed()).as("the first one's").isTrue();
    }
}
