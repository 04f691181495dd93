package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.oas.OpenApi30;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.JsonReader;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.DeviceCondition;
import ringfence.vmm.machine.MachineState;
import ringfence.vmm.machine.MachineStatus;
import ringfence.vmm.pci.Aperture;
import ringfence.vmm.pci.PanicListener;
import ringfence.vmm.pci.PciAddress;
import ringfence.vmm.pci.PciFunction;
import ringfence.vmm.pci.PciSegment;
import ringfence.vmm.pci.PvPanic;

/** What is answered conforms to the API's document, in the eyes of somebody else's validator. */
class ApiAnswersTest {
    private static final String PLACE = "https://ringfence.test/openapi.json";
    private static final String EVERYTHING = "{'payload':{'kernel':'/k','cmdline':'a b','initramfs':'/i'},"
        + "'cpus':{'boot_vcpus':2,'max_vcpus':4,'topology':{'cores_per_die':4},"
        + "'affinity':[{'vcpu':0,'host_cpus':[0,1]}],'core_scheduling':'Vcpu'},"
        + "'memory':{'size':1073741824,'hugepages':true,'hugepage_size':2097152,'hotplug_size':4096},"
        + "'pmem':[{'file':'/p','size':2097152,'discard_writes':true}],'balloon':{'size':4096,'free_page_reporting':true},"
        + "'disks':[{'path':'/d','serial':'s','image_type':'Raw','lock_granularity':'Full','pci_device_id':9,"
        + "'queue_affinity':[{'queue_index':0,'host_cpus':[1]}]},{'vhost_user':true,'vhost_socket':'/s'}],"
        + "'net':[{'tap':'t','ip':'10.0.0.1','mask':'255.0.0.0','mac':'52:54:00:00:00:01','mtu':1500,"
        + "'rate_limiter_config':{'bandwidth':{'size':9,'one_time_burst':3,'refill_time':7}}},"
        + "{'vhost_user':true,'vhost_socket':'/n','vhost_mode':'Server'}],"
        + "'fs':[{'tag':'a','path':'/f','cache':'Never'},{'tag':'b','socket':'/v','pci_segment':1}],"
        + "'generic_vhost_user':[{'socket':'/g','device_type':18,'queue_sizes':[64,64]}],"
        + "'serial':{'mode':'File','file':'/dev/null'},'console':{'mode':'Off'},'pvpanic':true,'platform':{'num_pci_segments':2}}";

    @TempDir
    Path folder;

    private TestServer server;
    private JsonSchemaFactory schemas;

    @BeforeEach
    void ask() {
        server = TestServer.start(folder, ApiLimits.of(1024));
        String closed = send("GET", "openapi.json", "") // no member may be answered that it does not tell of
                .json()
                .replace("\"properties\":", "\"additionalProperties\":false,\"properties\":");
        schemas = JsonSchemaFactory.getInstance(
                SpecVersion.VersionFlag.V4,
                builder -> builder.metaSchema(OpenApi30.getInstance())
                        .defaultMetaSchemaIri(OpenApi30.getInstance().getIri())
                        .schemaLoaders(loaders -> loaders.schemas(Map.of(PLACE, closed))));
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HttpResponse send(String method, String endpoint, String body) {
        byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return server.endpoints
                .answer(new HttpRequest(method, "/api/v1/" + endpoint, bytes, true, List.of()))
                .join();
    }

    private void assertConforms(String schema, String answer) {
        JsonSchema its = schemas.getSchema(SchemaLocation.of(PLACE + "#/components/schemas/" + schema));
        assertThat(its.validate(answer, InputFormat.JSON)).as(answer).isEmpty();
    }

    private void assertDiffers(String schema, String answer) {
        JsonSchema its = schemas.getSchema(SchemaLocation.of(PLACE + "#/components/schemas/" + schema));
        assertThat(its.validate(answer, InputFormat.JSON)).as(answer).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {"{'payload':{'kernel':'/k'}}", EVERYTHING})
    void informationDoes(String config) {
        assertThat(send("PUT", "vm.create", config)).isEqualTo(HttpResponse.empty(204));
        String info = send("GET", "vm.info", "").json();
        assertConforms("VmInfo", info);
        assertDiffers("VmInfo", info.replace("\"state\":\"Created\"", "\"state\":\"Wild\""));
        assertDiffers("VmInfo", info.replace("\"payload\":{", "\"payload\":{\"colour\":1,"));
        assertDiffers("VmInfo", info.replace("\"boot_vcpus\":", "\"boot_vcpus\":-"));
    }

    @Test
    void theOthersDoToo() {
        assertConforms("VmmPingResponse", send("GET", "vmm.ping", "").json());
        assertConforms("OpenApi", send("GET", "openapi.json", "").json());
        assertConforms("VmCounters", VmCounters.of(Map.of("_disk0", Map.of("connected", 1L))));
        assertConforms(
                "PciDeviceInfo",
                VmChanges.answer(Optional.of(panicDevice()), null).json());
    }

    private static MachineState.DeviceEntry panicDevice() {
        PciFunction function = PvPanic.create(new PanicListener() {
            @Override
            public void panicked() {
                throw new AssertionError();
            }

            @Override
            public void crashLoaded() {
                throw new AssertionError();
            }
        });
        PciSegment segment = new PciSegment(
                1,
                new Aperture(0xC000_0000L, 1 << 20),
                new Aperture(0, 0),
                new BusTable(),
                Runnable::run,
                new Deadlines());
        segment.add(OptionalInt.of(4), function);
        return new MachineState.DeviceEntry("__pvpanic", new PciAddress(1, 4), function, Optional.empty());
    }

    /** Virtio devices are in {@code RunningVmTest} and {@code GeneratedClientTest}. */
    @Test
    void whatABootedVmHasDoes() {
        VmConfig config = VmConfig.TABLE.read(
                JsonReader.read(
                        "{\"payload\":{\"kernel\":\"/k\"},\"debug_console\":{\"mode\":\"Null\"},\"serial\":{\"mode\":\"Off\"}}"));
        MachineState state = new MachineState(config, MachineStatus.RUNNING, 1, List.of(panicDevice()));
        String info = VmInfo.of(state, 0, Map.of("_disk0", new DeviceCondition("Lost", true, "gone", 7)));
        assertConforms("VmInfo", info);
        assertThat(info)
                .endsWith("\"device_tree\":{"
                              + "\"_disk0\":{\"id\":\"_disk0\",\"resources\":[{\"BackEnd\":{\"state\":\"Lost\",\"responding\":true,"
                              + "\"reason\":\"gone\",\"pid\":7}}],\"children\":[]},"
                              + "\"__pvpanic\":{\"id\":\"__pvpanic\",\"resources\":[{\"PciBar\":{\"index\":0,\"base\":3221225472,"
                              + "\"size\":4096,\"type_\":\"Mmio32\",\"prefetchable\":false}}],\"children\":[],"
                              + "\"pci_bdf\":\"0001:00:04.0\"},"
                              + "\"__ioapic\":{\"id\":\"__ioapic\",\"resources\":[],\"children\":[]},"
                              + "\"__debug_console\":{\"id\":\"__debug_console\",\"resources\":[],\"children\":[]}}}");
        assertDiffers("VmInfo", info.replace("Mmio32", "Mmio16"));
    }

    @ParameterizedTest
    @CsvSource({"GET,vm.info,404", "PUT,vm.boot,404", "GET,vm.boot,400", "PUT,vm.create,400", "GET,none,404"})
    void refusalsDo(String method, String endpoint, int status) {
        HttpResponse answer = send(method, endpoint, "");
        assertThat(answer.status()).isEqualTo(status);
        assertConforms("Errors", answer.json());
    }
}
