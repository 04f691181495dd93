package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class GenericConfigTest {
    private static final HostLimits HOST = new HostLimits(64, 4L << 30);

    private static VmConfig machine(String generic) {
        return VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"generic_vhost_user\":["
                + GenericConfig.TABLE.write(GenericConfig.TABLE.parse(generic)) + "]}"));
    }

    /** C-101. */
    @Test
    void jsonHasCloudHypervisorsNamesAndComesBack() {
        VmConfig config = machine("socket=/s,device_type=26,queue_sizes=[1024,1024,512]");
        assertThat(config.generics())
                .containsExactly(
                        new GenericConfig("_generic_vhost_user0", "/s", 26, List.of(1024, 1024, 512), PciPlace.ANY));
        String json = VmConfig.TABLE.write(config).toString();
        assertThat(json)
                .contains("\"generic_vhost_user\":[{\"socket\":\"/s\",\"device_type\":26,"
                        + "\"queue_sizes\":[1024,1024,512],\"id\":\"_generic_vhost_user0\"");
        assertThat(VmConfig.TABLE.read(JsonReader.read(json))).isEqualTo(config);
        assertThat(config.problems(HOST)).isEmpty();
    }

    /** Cloud Hypervisor's name for it, until it had the present one. */
    @Test
    void theTypeHasAnOlderName() {
        assertThat(GenericConfig.TABLE
                        .parse("socket=/s,queue_sizes=[64],virtio_id=fs")
                        .deviceType())
                .isEqualTo(26);
        assertThat(GenericConfig.TABLE
                        .read(JsonReader.read("{\"socket\":\"/s\",\"queue_sizes\":[64],\"virtio_id\":18}"))
                        .deviceType())
                .isEqualTo(18);
        assertThatThrownBy(() -> GenericConfig.TABLE.parse("socket=/s,queue_sizes=[64],virtio_id=fs,device_type=fs"))
                .hasMessage("device_type: is given twice");
    }

    @ParameterizedTest
    @CsvSource({"block,2", "input,18", "fs,26", "2,2", "63,63"})
    void aTypeIsANumberOrAName(String word, int type) {
        assertThat(GenericConfig.TABLE
                        .parse("socket=/s,queue_sizes=[64],device_type=" + word)
                        .deviceType())
                .isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "device_type=23,queue_sizes=[64] | device_type: 23 acts on the machine itself",
                "device_type=35,queue_sizes=[64] | device_type: 35 acts on the machine itself",
                "device_type=24,queue_sizes=[64] | device_type: 24 is memory",
                "device_type=27,queue_sizes=[64] | device_type: 27 is memory",
                "device_type=2,queue_sizes=[64,100] | queue_sizes: 100 is no power of two",
                "device_type=2,queue_sizes=[1-257] | queue_sizes: 257 queues, 1 to 256 are possible",
                "device_type=2,queue_sizes=[64],pci_device_id=0 | pci_device_id: 0 is the host bridge"
            })
    void eachMistakeIsALineThatNamesTheOption(String generic, String line) {
        assertThat(machine("id=g,socket=/s," + generic)
                        .problems(HOST)
                        .getFirst()
                        .line())
                .startsWith("--generic-vhost-user g " + line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "device_type=2,queue_sizes=[64] | lacks socket: give socket=<path>",
                "socket=/s,queue_sizes=[64] | lacks device_type: give device_type=<number>|<name>",
                "socket=/s,device_type=2 | lacks queue_sizes: give queue_sizes=",
                "socket=/s,device_type=disk,queue_sizes=[64] | device_type: 'disk' is no whole number",
                "socket=/s,device_type=64,queue_sizes=[64] | device_type: is 64, 1 to 63 are possible",
                "socket=/s,device_type=2,queue_sizes=[0] | queue_sizes: holds 0, 1 to 32768 are possible",
                "socket=/s,device_type=2,queue_sizes=[64],iommu=on | key 'iommu' is not supported yet"
            })
    void whatCannotBeReadIsRefused(String generic, String line) {
        assertThatThrownBy(() -> GenericConfig.TABLE.parse(generic))
                .isInstanceOf(OptionException.class)
                .hasMessageStartingWith(line);
    }
}
