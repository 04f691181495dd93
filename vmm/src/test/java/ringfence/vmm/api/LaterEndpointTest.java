package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What there is not yet checks its body, and then says so. */
class LaterEndpointTest {
    @TempDir
    Path folder;

    private static HttpResponse put(TestServer server, String endpoint, String body) throws Exception {
        byte[] bytes = body == null ? new byte[0] : body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return server.endpoints
                .answer(new HttpRequest("PUT", "/api/v1/" + endpoint, bytes, true, List.of()))
                .get();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "vm.power-button | {} | is not wanted",
                "vm.resize | {'desired_vcpus':0} | desired_vcpus is 0, 1 to",
                "vm.resize-zone | {'id':'z'} | lacks desired_ram",
                "vm.resize-disk | {'id':7,'desired_size':1} | id is a number",
                "vm.resize-disk | {'id':'d'} | lacks desired_size",
                "vm.snapshot | {} | lacks destination_url",
                "vm.coredump | {'destination_url':null} | lacks destination_url",
                "vm.restore | {'source_url':'file:///s','memory_restore_mode':'Never'} | none of Copy, OnDemand",
                "vm.restore | {'source_url':'file:///s','zone_updates':[{'id':'z'}]} | zone_updates[0] lacks host_numa",
                "vm.send-migration | {'destination_url':'unix:/s','connections':129} | connections is 129, 1 to 128",
                "vm.receive-migration | {'receiver_url':true} | receiver_url is a boolean",
                "vm.add-device | {'path':'/d','iommu':1} | iommu is a number",
                "vm.add-user-device | {} | lacks socket",
                "vm.add-generic-vhost-user | {'socket':'/s','device_type':1,'queue_sizes':[65536]} | queue_sizes[0] is",
                "vm.add-pmem | {'file':'/f','size':-1} | size is -1",
                "vm.add-vdpa | {'path':'/v'} | lacks num_queues",
                "vm.add-vsock | {'cid':2,'socket':'/s'} | cid is 2, 3 to",
            })
    void aWrongBodyIs400(String endpoint, String body, String words) throws Exception {
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024))) {
            HttpResponse answer = put(server, endpoint, body);
            assertThat(answer.status()).as(answer.json()).isEqualTo(400);
            assertThat(answer.json()).contains(words);
        }
    }

    @Test
    void aRightOneIsToldWhatIsMissing() throws Exception {
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024))) {
            assertThat(put(server, "vm.snapshot", "{'destination_url':'file:///s'}")
                            .status())
                    .as("no VM")
                    .isEqualTo(404);
            assertThat(put(server, "vm.restore", "{'source_url':'file:///s'}").status())
                    .isEqualTo(500);
            assertThat(put(server, "vm.create", "{'payload':{'kernel':'/k'}}").status())
                    .isEqualTo(204);
            HttpResponse answer = put(server, "vm.snapshot", "{'destination_url':'file:///s'}");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.json()).startsWith("[\"vm.snapshot is not supported yet: there are no snapshots");
        }
    }
}
