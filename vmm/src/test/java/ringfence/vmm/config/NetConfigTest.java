package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class NetConfigTest {
    private static final HostLimits HOST = new HostLimits(64, 4L << 30);

    private static VmConfig machine(String... nets) {
        StringBuilder json = new StringBuilder("{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":2,")
                .append("\"max_vcpus\":2},\"net\":[");
        for (int i = 0; i < nets.length; i++) {
            json.append(i == 0 ? "" : ",").append(NetConfig.TABLE.write(NetConfig.TABLE.parse(nets[i])));
        }
        return VmConfig.TABLE.read(JsonReader.read(json.append("]}").toString()));
    }

    /** Cloud Hypervisor's defaults: C-90 to C-96. */
    @Test
    void defaultsAreCloudHypervisors() {
        assertThat(NetConfig.TABLE.parse(""))
                .isEqualTo(NetConfig.TABLE.defaults())
                .isEqualTo(new NetConfig(
                        "",
                        NetBackend.Tap.NEW,
                        Optional.empty(),
                        OptionalInt.empty(),
                        2,
                        256,
                        NetOffloads.ALL,
                        Optional.empty(),
                        new Upkeep(Optional.empty(), Optional.empty()),
                        PciPlace.ANY));
    }

    @Test
    void jsonHasCloudHypervisorsNamesAndComesBack() {
        VmConfig config = machine(
                "tap=vmtap3,ip=fd00::1,mask=ffff:ffff::,host_mac=02:00:00:00:00:01,mac=52:54:00:12:34:56,mtu=9000,"
                        + "num_queues=4,queue_size=512,offload_ufo=off,id=lan,pci_device_id=7",
                "fd=[8,9],num_queues=4",
                "vhost_user=on,socket=/run/ovs,vhost_mode=server",
                "switch=lan,mtu=9000");
        Json.Obj json = VmConfig.TABLE.write(config);
        assertThat(json.toString())
                .contains(
                        "\"tap\":\"vmtap3\",\"ip\":\"fd00::1\",\"mask\":\"ffff:ffff::\",\"mac\":\"52:54:00:12:34:56\"")
                .contains("\"host_mac\":\"02:00:00:00:00:01\",\"mtu\":9000,\"num_queues\":4,\"queue_size\":512")
                .contains("\"offload_tso\":true,\"offload_ufo\":false,\"offload_csum\":true")
                .contains("\"pci_device_id\":7")
                .contains("\"fds\":[8,9]")
                .contains("\"vhost_user\":true,\"vhost_socket\":\"/run/ovs\",\"vhost_mode\":\"Server\"")
                .contains("\"switch\":\"lan\"");
        assertThat(VmConfig.TABLE.read(JsonReader.read(json.toString()))).isEqualTo(config);
        assertThat(config.nets()).extracting(NetConfig::id).containsExactly("lan", "_net0", "_net1", "_net2");
        assertThat(config.problems(HOST)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "queue_size=100 | --net _net0 queue_size: 100 is no power of two",
                "num_queues=3 | --net _net0 num_queues: 3 is odd",
                "num_queues=6 | --net _net0 num_queues: 3 pairs are more than the 2 vCPUs at start: give at most 4",
                "mac=01:00:5e:00:00:01 | --net _net0 mac: 01:00:5e:00:00:01 names no single station",
                "mac=00:00:00:00:00:00 | --net _net0 mac: 00:00:00:00:00:00 names no single station",
                "host_mac=ff:ff:ff:ff:ff:ff | --net _net0 host_mac: ff:ff:ff:ff:ff:ff names no single station",
                "offload_csum=off | --net _net0 offload_tso: needs checksums",
                "offload_csum=off,offload_tso=off | --net _net0 offload_ufo: needs checksums",
                "tap=a/b | --net _net0 tap: 'a/b' is no name of an interface",
                "tap=abcdefghijklmnop | --net _net0 tap: 'abcdefghijklmnop' is no name of an interface",
                "mask=255.255.255.0 | --net _net0 mask: is given without ip=",
                "ip=10.0.0.1,mask=255.0.255.0 | --net _net0 mask: 255.0.255.0 has holes",
                "ip=10.0.0.1,mask=ffff:: | --net _net0 mask: ffff:: is of another version of IP",
                "ip=fd00::1 | --net _net0 mask: is missing for an address of IPv6",
                "fd=[5] ,num_queues=4 | --net _net0 fd: 1 descriptors are for num_queues=2, not 4",
                "fd=[5,5],num_queues=4 | --net _net0 fd: names a descriptor twice",
                "pci_device_id=0 | --net _net0 pci_device_id: 0 is the host bridge",
                "pci_segment=1 | --net _net0 pci_segment: 1 is not there, the last is 0",
                "id=__x | --net id: '__x' is reserved",
                "bw_size=2T,bw_refill_time=100 | --net _net0 bw_size: is above 1099511627776",
                "vhost_user=on,socket=/s,ops_size=1,ops_refill_time=1 | --net _net0 ops_size: limits are the daemon's",
                "switch= | --net _net0 switch: '' is no name of a switch",
                "switch=Lan | --net _net0 switch: 'Lan' is no name of a switch: 1 to 32 small letters",
                "switch=.. | --net _net0 switch: '..' is no name of a switch",
                "switch=a/b | --net _net0 switch: 'a/b' is no name of a switch",
                "switch=aaaaaaaaaabbbbbbbbbbccccccccccddd | --net _net0 switch: 'aaaaaaaaaabb",
                "switch=lan,queue_size=2048 | --net _net0 queue_size: 2048 with switch=, which has at most 1024",
                "switch=lan,bw_size=1,bw_refill_time=1 | --net _net0 bw_size: limits are the daemon's own with switch=",
                "ops_size=0,ops_refill_time=100 | --net _net0 ops_size: is 0"
            })
    void eachMistakeIsOneLineThatNamesTheOption(String net, String line) {
        assertThat(machine(net.replace(" ", "")).problems(HOST))
                .singleElement()
                .satisfies(p -> assertThat(p.line()).startsWith(line));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tpa=x | unknown key 'tpa'; did you mean 'tap'?",
                "iommu=on | key 'iommu' is not supported yet: leave it out",
                "mtu=1279 | mtu: is 1279, 1280 to 65535 are possible",
                "mac=52:54:00:12:34 | mac: '52:54:00:12:34' is no Ethernet address",
                "mac=52-54-00-12-34-56 | mac: '52-54-00-12-34-56' is no Ethernet address",
                "ip=host | ip: 'host' is no IP address",
                "ip=10.1 | ip: '10.1' is no IP address",
                "ip=fe80::1%eth0 | ip: 'fe80::1%eth0' is no IP address",
                "fd=[2] | fd: holds 2, 3 to 1000000 are possible",
                "vhost_user=on | vhost_user=on lacks socket=<path>, where the daemon is met",
                "socket=/s | socket: is given without vhost_user=on: add it",
                "vhost_user=on,socket=/s,tap=x | tap: cannot be given with vhost_user=on",
                "vhost_user=on,socket=/s,ip=10.0.0.1 | ip: cannot be given with vhost_user=on",
                "vhost_user=on,socket=/s,vhost_mode=both | vhost_mode: 'both' is none of client, server",
                "fd=[5],tap=x | tap: cannot be given with fd=",
                "passt=on,tap=x | tap: cannot be given with passt=on",
                "passt=on,vhost_user=on,socket=/s | passt: cannot be given with vhost_user=on",
                "switch=lan,tap=x | tap: cannot be given with switch=, which needs no tap: leave it out",
                "switch=lan,fd=[5] | fd: cannot be given with switch=",
                "switch=lan,ip=10.0.0.1 | ip: cannot be given with switch=",
                "switch=lan,host_mac=02:00:00:00:00:01 | host_mac: cannot be given with switch=",
                "switch=lan,passt=on | passt: cannot be given with switch=",
                "switch=lan,vhost_user=on,socket=/s | vhost_user: cannot be given with switch=",
                "switch=lan,socket=/s | socket: cannot be given with switch=",
                "fd=[5],host_mac=02:00:00:00:00:01 | host_mac: cannot be given with fd=",
                "bw_size=1 | bw_refill_time: is missing beside the other bw_ keys: give it too",
                "ops_one_time_burst=1 | ops_size: is missing beside the other ops_ keys: give it too"
            })
    void whatCannotBeReadIsRefused(String net, String line) {
        assertThatThrownBy(() -> NetConfig.TABLE.parse(net))
                .isInstanceOf(OptionException.class)
                .message()
                .startsWith(line);
    }

    @Test
    void aPortOfASwitchHasSoManyPairsAndNoMore() {
        VmConfig config = VmConfig.TABLE.read(
                JsonReader.read(
                        "{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":9,"
                            + "\"max_vcpus\":9},\"net\":[{\"switch\":\"lan\",\"num_queues\":18},{\"switch\":\"lan\",\"num_queues\":16}]}"));
        assertThat(config.problems(HOST).stream().map(Problem::line))
                .containsExactly("--net _net0 num_queues: 18 with switch=, where each has at most 16: give that");
    }

    @Test
    void namesAndPlacesAreUniqueAmongAllDevices() {
        VmConfig config = VmConfig.TABLE.read(JsonReader.read(
                "{\"payload\":{\"kernel\":\"/k\"},\"disks\":[{\"path\":\"/d\",\"id\":\"a\",\"pci_device_id\":5}],"
                        + "\"net\":[{\"id\":\"a\",\"pci_device_id\":5,\"fds\":[7]},{\"fds\":[7]}]}"));
        assertThat(config.problems(HOST).stream().map(Problem::line))
                .containsExactly(
                        "--net id: 'a' is given twice: choose another one",
                        "--net a pci_device_id: 5 is taken: choose another one",
                        "--net _net0 fd: 7 is another device's: give its own");
    }

    @Test
    void anAddressIsMadeUpOnlyWhereNoneIsGiven() {
        VmConfig config = machine("mac=52:54:00:12:34:56", "").addressed(() -> -1L);
        assertThat(config.nets())
                .extracting(net -> net.mac().orElseThrow().toString())
                .containsExactly("52:54:00:12:34:56", "fe:ff:ff:ff:ff:ff");
        assertThat(MacAddress.local(0)).as("locally administered").hasToString("02:00:00:00:00:00");
        assertThat(config.addressed(() -> 0L)).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource({
        "'ip=10.1.2.3', 10.1.2.3/8",
        "'ip=172.16.0.1', 172.16.0.1/16",
        "'ip=192.168.249.1', 192.168.249.1/24",
        "'ip=192.168.249.1,mask=255.255.255.252', 192.168.249.1/30",
        "'ip=fd00::1,mask=ffff:ffff:ffff:ffff::', fd00::1/64"
    })
    void aTapsAddressHasItsPrefix(String net, String address) {
        NetBackend.Tap tap = (NetBackend.Tap) NetConfig.TABLE.parse(net).backend();
        assertThat(tap.address()).contains(address);
    }

    @Test
    void limitsAreReadFromJsonToo() {
        NetConfig net = NetConfig.TABLE.read(JsonReader.read(
                "{\"rate_limiter_config\":{\"ops\":{\"size\":10,\"one_time_burst\":5,\"refill_time\":100}}}"));
        assertThat(net).isEqualTo(NetConfig.TABLE.parse("ops_size=10,ops_one_time_burst=5,ops_refill_time=100"));
        assertThat(NetConfig.TABLE.read(NetConfig.TABLE.write(net))).isEqualTo(net);
    }

    @ParameterizedTest
    @ValueSource(strings = {"52:54:00:12:34:56", "fe:ff:ff:ff:ff:ff"})
    void anAddressComesBackAsItWasWritten(String text) {
        assertThat(MacAddress.parse(text)).hasToString(text);
        assertThat(MacAddress.parse(text).bytes()).hasSize(6);
        assertThat(List.of(MacAddress.parse(text))).containsExactly(MacAddress.parse(text.toUpperCase()));
    }

    /** Clients that are generated from Cloud Hypervisor's description write its default of an address in any case. */
    @Test
    void aGeneratedClientsAddressIsNoMistakeBesideADaemon() {
        assertThat(NetConfig.TABLE.read(JsonReader.read("{\"vhost_user\":true,\"vhost_socket\":\"/s\","
                        + "\"ip\":\"192.168.249.1\",\"mask\":\"255.255.255.0\"}")))
                .isEqualTo(NetConfig.TABLE.parse("vhost_user=on,socket=/s"));
    }

    /** Those that OpenAPI Generator makes for Java write an empty list where nothing was said. */
    @Test
    void anEmptyListOfDescriptorsIsNone() {
        assertThat(NetConfig.TABLE.read(JsonReader.read("{\"fds\":[],\"tap\":\"t\"}")))
                .isEqualTo(NetConfig.TABLE.parse("tap=t"));
        assertThat(NetConfig.TABLE.read(JsonReader.read("{\"fds\":[]}")).backend())
                .isInstanceOf(NetBackend.Tap.class);
    }
}
