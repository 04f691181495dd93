package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets to the host of a VM that is not booted yet: they are what its next boot has. */
@Timeout(60)
class VsockApiTest {
    private static final String VM = "{\"payload\":{\"kernel\":\"/k\"}%s}";
    private static final String VSOCK = "{\"cid\":3,\"socket\":\"/run/v\"}";

    @TempDir
    Path folder;

    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.start(folder);
    }

    @AfterEach
    void end() {
        server.close();
    }

    private String put(String endpoint, String body) throws Exception {
        return server.ask("PUT", endpoint, body);
    }

    private String info() throws Exception {
        return server.ask("GET", "vm.info", "");
    }

    @Test
    void aVmIsMadeWithThem() throws Exception {
        assertThat(put("vm.create", VM.formatted(",\"vsock\":" + VSOCK))).startsWith("HTTP/1.1 204 ");
        assertThat(info()).contains("\"vsock\":{\"cid\":3,\"socket\":\"/run/v\",\"id\":\"_vsock0\",\"pci_segment\":0");
    }

    @Test
    void thereIsOneDeviceWhichComesAndGoes() throws Exception {
        assertThat(put("vm.create", VM.formatted(""))).startsWith("HTTP/1.1 204 ");
        assertThat(info()).doesNotContain("\"cid\"");
        assertThat(put("vm.add-vsock", VSOCK)).startsWith("HTTP/1.1 204 ");
        assertThat(info()).contains("\"id\":\"_vsock0\"");
        assertThat(put("vm.add-vsock", "{\"cid\":4,\"socket\":\"/run/w\"}"))
                .startsWith("HTTP/1.1 500 ")
                .contains("there is a vsock device already: remove it first");
        assertThat(put("vm.add-vsock", "{\"cid\":4}"))
                .startsWith("HTTP/1.1 400 ")
                .contains("socket");
        assertThat(put("vm.remove-device", "{\"id\":\"_vsock0\"}")).startsWith("HTTP/1.1 204 ");
        assertThat(info()).doesNotContain("\"cid\"");
        assertThat(put("vm.add-vsock", "{\"cid\":4,\"socket\":\"/run/w\"}")).startsWith("HTTP/1.1 204 ");
        assertThat(info()).contains("\"cid\":4,\"socket\":\"/run/w\"");
    }
}
