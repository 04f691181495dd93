package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** vm.resize of a VM that is not booted yet. */
class VmResizeTest {
    @TempDir
    Path folder;

    private TestServer server;

    @BeforeEach
    void create() {
        server = TestServer.start(folder);
        assertThat(put(
                                "vm.create",
                                "{'payload':{'kernel':'/k'},'cpus':{'boot_vcpus':2,'max_vcpus':4},"
                                        + "'memory':{'size':1048576,'hotplug_size':4194304},'balloon':{'size':0}}")
                        .status())
                .isEqualTo(204);
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HttpResponse put(String endpoint, String body) {
        return send("PUT", endpoint, body);
    }

    private HttpResponse send(String method, String endpoint, String body) {
        byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return server.endpoints
                .answer(new HttpRequest(method, "/api/v1/" + endpoint, bytes, true, List.of()))
                .join();
    }

    private String info() {
        return send("GET", "vm.info", "").json();
    }

    @Test
    void theBalloonHasTheSizeThatIsWanted() {
        assertThat(put("vm.resize", "{'desired_balloon':8192}")).isEqualTo(HttpResponse.empty(204));
        assertThat(info()).contains("\"balloon\":{\"size\":8192,", "\"memory_actual_size\":1048576");
    }

    /** As it is already is no change. */
    @Test
    void whatIsThereMayBeWanted() {
        String before = info();
        assertThat(put("vm.resize", "{'desired_vcpus':2,'desired_ram':1048576,'desired_balloon':0}")
                        .status())
                .isEqualTo(204);
        assertThat(put("vm.resize", "{}").status()).isEqualTo(204);
        assertThat(info()).isEqualTo(before);
    }

    /** Before its boot a VM is what it is said to be. */
    @Test
    void vcpusAndMemoryAreThoseThatAreWanted() {
        assertThat(put("vm.resize", "{'desired_vcpus':3,'desired_ram':2097152,'desired_balloon':4096}"))
                .isEqualTo(HttpResponse.empty(204));
        assertThat(info())
                .contains("\"boot_vcpus\":3,\"max_vcpus\":4", "\"size\":2097152,", "\"balloon\":{\"size\":4096,")
                .contains("\"memory_actual_size\":2097152");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'desired_vcpus':5} | 400 | --cpus",
                "{'desired_ram':0} | 400 | --memory size: is 0",
                "{'desired_vcpus':0} | 400 | desired_vcpus is 0, 1 to",
                "{'desired_ram':-1} | 400 | desired_ram is -1",
                "{'desired_balloon':1048576} | 400 | --balloon size: 1M leaves nothing of --memory size=1M",
            })
    void whatCannotBeChangesNothing(String body, int status, String words) {
        String before = info();
        HttpResponse answer = put("vm.resize", body);
        assertThat(answer.status()).as(answer.json()).isEqualTo(status);
        assertThat(answer.json()).contains(words);
        assertThat(info()).isEqualTo(before);
    }

    @Test
    void aVmWithoutABalloonIsToldSo() {
        put("vm.delete", "");
        put("vm.create", "{'payload':{'kernel':'/k'}}");
        HttpResponse answer = put("vm.resize", "{'desired_balloon':4096}");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.json()).contains("there is no balloon");
    }

    /** Kata's Go driver reads it, unasked, before it grows a VM's memory. */
    @Test
    void informationTellsHowMuchMayBeAdded() {
        assertThat(info()).contains("\"hotplug_size\":4194304");
    }
}
