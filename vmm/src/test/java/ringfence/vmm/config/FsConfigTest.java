package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class FsConfigTest {
    private static final HostLimits HOST = new HostLimits(64, 4L << 30);
    private static final String LONGEST = "x".repeat(FsConfig.MAX_TAG);

    private static VmConfig machine(String... folders) {
        StringBuilder json = new StringBuilder("{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":2,")
                .append("\"max_vcpus\":2},\"fs\":[");
        for (int i = 0; i < folders.length; i++) {
            json.append(i == 0 ? "" : ",").append(FsConfig.TABLE.write(FsConfig.TABLE.parse(folders[i])));
        }
        return VmConfig.TABLE.read(JsonReader.read(json.append("]}").toString()));
    }

    /** C-100. */
    @Test
    void defaultsAreCloudHypervisors() {
        assertThat(FsConfig.TABLE.parse("tag=share,socket=/run/fs"))
                .isEqualTo(new FsConfig(
                        "",
                        "share",
                        new FsBackend.Socket("/run/fs"),
                        1,
                        1024,
                        new Upkeep(Optional.empty(), Optional.empty()),
                        PciPlace.ANY));
        assertThat(FsConfig.TABLE.parse("tag=share,path=/srv").backend())
                .isEqualTo(new FsBackend.Folder("/srv", false, FsBackend.Cache.AUTO, false, false, false));
    }

    /** As Kata writes it. */
    @Test
    void jsonHasCloudHypervisorsNamesAndComesBack() {
        assertThat(FsConfig.TABLE.read(JsonReader.read(
                        "{\"tag\":\"kataShared\",\"socket\":\"/run/vc/s\",\"num_queues\":1,\"queue_size\":1024,"
                                + "\"pci_segment\":1}")))
                .isEqualTo(FsConfig.TABLE.parse("tag=kataShared,socket=/run/vc/s,pci_segment=1"));
        VmConfig config = machine(
                "tag=a,socket=/s,num_queues=2,queue_size=512,id=folder,pci_device_id=9",
                "tag=b,path=/srv,readonly=on,cache=never,xattr=on,posix_acl=on,locks=on",
                "tag=" + LONGEST + ",path=/srv,cache=metadata");
        Json.Obj json = VmConfig.TABLE.write(config);
        assertThat(json.toString())
                .contains("\"tag\":\"a\",\"socket\":\"/s\",\"num_queues\":2,\"queue_size\":512,\"id\":\"folder\"")
                .contains("\"pci_device_id\":9")
                .contains(
                        "\"path\":\"/srv\",\"readonly\":true,\"cache\":\"Never\",\"xattr\":true,\"posix_acl\":true,\"locks\":true");
        assertThat(VmConfig.TABLE.read(JsonReader.read(json.toString()))).isEqualTo(config);
        assertThat(config.fs()).extracting(FsConfig::id).containsExactly("folder", "_fs0", "_fs1");
        assertThat(config.problems(HOST)).isEmpty();
    }

    /** Clients that are generated from Cloud Hypervisor's description insist on a socket, and may write an empty one. */
    @Test
    void aFolderOfOursHasAnEmptySocketInJson() {
        FsConfig folder = FsConfig.TABLE.parse("tag=a,path=/srv");
        assertThat(FsConfig.TABLE.write(folder).get("socket")).isEqualTo(new Json.Str(""));
        assertThat(FsConfig.TABLE.read(FsConfig.TABLE.write(folder))).isEqualTo(folder);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tag=LONGEST1,path=/s | --fs _fs0 tag: 37 bytes, at most 36 are possible",
                "tag=éééééééééééééééééé1,socket=/s | --fs _fs0 tag: 37 bytes, at most 36 are possible",
                "tag=a\u0007,socket=/s | --fs _fs0 tag: holds a control character",
                "tag=x,path=/s,queue_size=100 | --fs _fs0 queue_size: 100 is no power of two",
                "tag=x,path=/s,queue_size=2048 | --fs _fs0 queue_size: 2048 with path=, which has at most 1024",
                "tag=x,path=/s,num_queues=3 | --fs _fs0 num_queues: 3 are more than the 2 vCPUs at start",
                "tag=x,path=/s,pci_segment=1 | --fs _fs0 pci_segment: 1 is not there, the last is 0: give --platform"
                        + " num_pci_segments=2",
                "tag=x,path=/s,pci_device_id=0 | --fs _fs0 pci_device_id: 0 is the host bridge",
                "tag=x,path=/s,id=__x | --fs id: '__x' is reserved"
            })
    void eachMistakeIsOneLineThatNamesTheOption(String fs, String line) {
        assertThat(machine(fs.replace("LONGEST", LONGEST)).problems(HOST))
                .singleElement()
                .satisfies(p -> assertThat(p.line()).startsWith(line));
    }

    @Test
    void aTagIsGivenOnce() {
        assertThat(machine("tag=x,path=/a", "tag=x,socket=/b").problems(HOST))
                .singleElement()
                .satisfies(
                        p -> assertThat(p.line()).isEqualTo("--fs _fs1 tag: 'x' is given twice: choose another one"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "path=/s | lacks tag: give tag=<name>",
                "tag=,path=/s | tag: is empty: give tag=<name>",
                "tag=x | path: is missing: give path=<folder>, or socket=<path> where a daemon listens",
                "tag=x,path=/s,socket=/t | path: goes to the daemon, not here, with socket=",
                "tag=x,socket=/s,readonly=on | readonly: is the daemon's own with socket=",
                "tag=x,socket=/s,cache=auto | cache: is the daemon's own with socket=",
                "tag=x,socket=/s,xattr=off | xattr: is the daemon's own with socket=",
                "tag=x,socket=/s,posix_acl=on | posix_acl: is the daemon's own with socket=",
                "tag=x,socket=/s,locks=on | locks: is the daemon's own with socket=",
                "tag=x,path=/s,cache=sometimes | cache: 'sometimes' is none of auto, always, never, metadata",
                "tag=x,path=/s,num_queues=0 | num_queues: is 0, 1 to 64 are possible",
                "tag=x,path=/s,queue_size=65536 | queue_size: is 65536, 2 to 32768 are possible",
                "tag=x,path=/s,iommu=on | key 'iommu' is not supported yet",
                "tag=x,path=/s,dax=on | unknown key 'dax'"
            })
    void whatCannotBeReadIsRefused(String fs, String line) {
        assertThatThrownBy(() -> FsConfig.TABLE.parse(fs))
                .isInstanceOf(OptionException.class)
                .hasMessageStartingWith(line);
    }
}
