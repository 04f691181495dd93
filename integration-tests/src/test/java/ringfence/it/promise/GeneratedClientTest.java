package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXSocketFactory;
import ringfence.client.ApiClient;
import ringfence.client.ApiException;
import ringfence.client.DefaultApi;
import ringfence.client.model.ConsoleConfig;
import ringfence.client.model.CpusConfig;
import ringfence.client.model.DeviceNode;
import ringfence.client.model.DeviceResource;
import ringfence.client.model.DiskConfig;
import ringfence.client.model.MemoryConfig;
import ringfence.client.model.NetConfig;
import ringfence.client.model.PayloadConfig;
import ringfence.client.model.PciDeviceInfo;
import ringfence.client.model.VmConfig;
import ringfence.client.model.VmInfo;
import ringfence.client.model.VmRemoveDevice;
import ringfence.client.model.VmState;
import ringfence.it.lab.TinyKernel;

/**
 * The whole life of a VM by a client that OpenAPI Generator has made of the API's own document, in this build: nothing of
 * it is written by us but the socket that it is given.
 */
@Timeout(120)
class GeneratedClientTest {
    @TempDir
    Path directory;

    private DefaultApi client(Path socket) throws Exception {
        OkHttpClient http = new OkHttpClient.Builder()
                .socketFactory(new AFUNIXSocketFactory.FactoryArg(socket.toFile()))
                .build();
        return new DefaultApi(new ApiClient(http).setBasePath("http://localhost/api/v1"));
    }

    private VmConfig config() throws Exception {
        Path kernel = Files.write(directory.resolve("kernel"), TinyKernel.halting());
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        return new VmConfig()
                .payload(new PayloadConfig().kernel(kernel.toString()).cmdline("console=ttyS0"))
                .cpus(new CpusConfig().bootVcpus(1).maxVcpus(1))
                .memory(new MemoryConfig().size(64L << 20))
                .console(ConsoleConfig.fromJson("{\"mode\":\"Off\"}"))
                .disks(List.of(new DiskConfig().path(image.toString()).id("root")));
    }

    private static void expect(DefaultApi api, VmState state) throws ApiException {
        assertThat(api.vmInfoGet().getState()).isEqualTo(state);
    }

    @Test
    void itRunsTheWholeLifeOfAVm() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        Path socket = directory.resolve("api");
        Process vmm = Programs.start(directory, "vmm", "ringfence", List.of("run", "--api-socket", socket.toString()));
        try {
            while (!Files.exists(socket)) {
                assertThat(vmm.isAlive()).isTrue();
                Thread.sleep(20);
            }
            DefaultApi api = client(socket);
            assertThat(api.vmmPingGet().getPid()).isEqualTo(vmm.pid());
            assertThatThrownBy(api::bootVM)
                    .isInstanceOfSatisfying(
                            ApiException.class, e -> assertThat(e.getCode()).isEqualTo(404))
                    .hasMessageContaining("there is no VM");
            api.createVM(config());
            VmInfo info = api.vmInfoGet();
            assertThat(info.getConfig().getMemory().getSize()).isEqualTo(64L << 20);
            assertThat(info.getConfig().getDisks())
                    .singleElement()
                    .satisfies(disk -> assertThat(disk.getId()).isEqualTo("root"));
            api.deleteVM();
            api.createVM(info.getConfig()); // what it was told of a VM makes the same one
            assertThat(api.vmInfoGet()).isEqualTo(info);
            api.bootVM();
            expect(api, VmState.RUNNING);
            while (!api.vmCountersGet().containsKey("root")) {
                Thread.sleep(20); // its daemon starts
            }
            assertThat(api.vmCountersGet().get("root")).containsKeys("connected", "reconnects");
            Map<String, DeviceNode> tree = api.vmInfoGet().getDeviceTree();
            assertThat(tree).containsKey("root");
            assertThat(tree.get("_virtio-pci-root").getChildren()).containsExactly("root");
            assertThat(tree.get("_virtio-pci-root").getResources())
                    .singleElement()
                    .extracting(DeviceResource::getPciBar)
                    .satisfies(bar -> assertThat(bar.getBase()).isPositive());
            api.pauseVM();
            expect(api, VmState.PAUSED);
            api.resumeVM();
            Path more = Files.write(directory.resolve("more"), new byte[1 << 20]);
            PciDeviceInfo disk = api.vmAddDiskPut(new DiskConfig().id("data").path(more.toString()));
            assertThat(disk.getId()).isEqualTo("data");
            assertThat(disk.getBdf()).matches("0000:00:[0-9a-f]{2}\\.0");
            PciDeviceInfo net = api.vmAddNetPut(new NetConfig().mac("02:00:00:00:00:07"));
            assertThat(api.vmInfoGet().getConfig().getNet())
                    .singleElement()
                    .satisfies(card -> assertThat(card.getId()).isEqualTo(net.getId()));
            api.vmRemoveDevicePut(new VmRemoveDevice().id("data"));
            api.powerButtonVM();
            api.shutdownVM();
            info = api.vmInfoGet();
            assertThat(info.getState()).isEqualTo(VmState.CREATED);
            assertThat(info.getConfig().getDisks()).hasSize(1);
            api.deleteVM();
            assertThatThrownBy(api::vmInfoGet).isInstanceOf(ApiException.class).hasMessageContaining("there is no VM");
            api.shutdownVMM();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(vmm.exitValue())
                    .as(Files.readString(directory.resolve("vmm.err")))
                    .isZero();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
    }
}
