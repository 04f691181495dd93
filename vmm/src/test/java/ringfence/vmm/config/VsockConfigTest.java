package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class VsockConfigTest {
    private static final HostLimits HOST = new HostLimits(64, 4L << 30);

    private static VmConfig machine(String vsock) {
        return VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"vsock\":"
                + VsockConfig.TABLE.write(VsockConfig.TABLE.parse(vsock)) + "}"));
    }

    @Test
    void jsonHasCloudHypervisorsNamesAndComesBack() {
        VmConfig config = machine("cid=4294967294,socket=/run/v,pci_device_id=7");
        assertThat(config.vsock())
                .contains(new VsockConfig("_vsock0", 0xFFFF_FFFEL, "/run/v", new PciPlace(0, OptionalInt.of(7))));
        String json = VmConfig.TABLE.write(config).toString();
        assertThat(json).contains("\"vsock\":{\"cid\":4294967294,\"socket\":\"/run/v\",\"id\":\"_vsock0\"");
        assertThat(VmConfig.TABLE.read(JsonReader.read(json))).isEqualTo(config);
        assertThat(config.problems(HOST)).isEmpty();
    }

    /** Of a machine that has two: the host bridge is on the first only. */
    @Test
    void aPlaceMayBeOnAnotherSegment() {
        VmConfig config = VmConfig.TABLE.read(
                JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"platform\":{\"num_pci_segments\":2},\"vsock\":"
                        + "{\"cid\":3,\"socket\":\"/v\",\"pci_segment\":1,\"pci_device_id\":0}}"));
        assertThat(config.problems(HOST)).isEmpty();
        assertThat(config.plus(FsConfig.TABLE.parse("tag=t,path=/s,pci_device_id=1"))
                        .plus(FsConfig.TABLE.parse("tag=u,path=/s,pci_segment=1,pci_device_id=1"))
                        .problems(HOST))
                .isEmpty();
        assertThat(VmConfig.TABLE.read(VmConfig.TABLE.write(config))).isEqualTo(config);
    }

    @Test
    void aPlaceIsOneDevices() {
        VmConfig config = machine("cid=3,socket=/v,id=x,pci_device_id=4")
                .plus(FsConfig.TABLE.parse("tag=t,path=/s,pci_device_id=4"));
        assertThat(config.problems(HOST))
                .singleElement()
                .satisfies(p -> assertThat(p.line()).startsWith("--vsock x pci_device_id: 4 is taken"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "socket=/v | lacks cid: give cid=",
                "cid=3 | lacks socket: give socket=<path>",
                "cid=2,socket=/v | cid: is 2, 3 to 4294967294 are possible",
                "cid=4294967295,socket=/v | cid: is 4294967295, 3 to 4294967294 are possible",
                "cid=3,socket=/v,iommu=on | key 'iommu' is not supported yet",
                "cid=3,socket=/v,port=1 | unknown key 'port'"
            })
    void whatCannotBeReadIsRefused(String vsock, String line) {
        assertThatThrownBy(() -> VsockConfig.TABLE.parse(vsock))
                .isInstanceOf(OptionException.class)
                .hasMessageStartingWith(line);
    }
}
