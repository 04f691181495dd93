package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class VmConfigTest {
    private static final HostLimits HOST = new HostLimits(64, 4L << 30);

    private static VmConfig config(String cpus, String memory, String disk, String serial) {
        return new VmConfig(
                new PayloadConfig("/vmlinuz", Optional.empty(), ""),
                CpusConfig.TABLE.parse(cpus),
                MemoryConfig.TABLE.parse(memory),
                disk.isEmpty() ? List.of() : List.of(DiskConfig.TABLE.parse(disk)),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                RngConfig.TABLE.defaults(),
                serial.isEmpty() ? ConsoleConfig.NULL : ConsoleConfig.TABLE.parse(serial),
                ConsoleConfig.TTY,
                DebugConsoleConfig.OFF,
                false,
                false,
                PlatformConfig.DEFAULT,
                List.of(),
                Optional.empty());
    }

    /** Cloud Hypervisor's defaults: C-30, C-34, C-37, C-38, C-50, C-58, C-73, C-80, C-107, C-109, C-110, C-113. */
    @Test
    void defaultsAreCloudHypervisors() {
        VmConfig config =
                VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"disks\":[{\"path\":\"/d\"}]}"));
        assertThat(config.cpus())
                .isEqualTo(new CpusConfig(
                        1, 1, Optional.empty(), 46, true, false, List.of(), CpusConfig.CoreScheduling.VM));
        assertThat(config.memory())
                .isEqualTo(new MemoryConfig(
                        512L << 20,
                        OptionalLong.empty(),
                        MemoryConfig.HotplugMethod.ACPI,
                        false,
                        false,
                        false,
                        OptionalLong.empty(),
                        false,
                        true,
                        false));
        assertThat(config.rng().src()).isEqualTo("/dev/urandom");
        assertThat(config.serial().mode()).isEqualTo(ConsoleMode.NULL);
        assertThat(config.console().mode()).isEqualTo(ConsoleMode.TTY);
        assertThat(config.watchdog() || config.pvpanic()).isFalse();
        assertThat(config.platform().numPciSegments()).isEqualTo(1);
        DiskConfig disk = config.disks().getFirst();
        assertThat(disk.id()).isEqualTo("_disk0");
        assertThat(disk.numQueues()).isEqualTo(1);
        assertThat(disk.queueSize()).isEqualTo(128);
        assertThat(disk.backend()).isEqualTo(new DiskConfig.Backend.Image("/d"));
        assertThat(disk.sparse()).isTrue();
        assertThat(disk.readonly() || disk.direct()).isFalse();
    }

    @Test
    void jsonHasCloudHypervisorsNamesAndComesBack() {
        VmConfig config = config(
                "boot=2,max=4,topology=2:2:1:1,affinity=[0@[1,3-4]],core_scheduling=vcpu",
                "size=1G,hugepages=on,hugepage_size=2M",
                "path=/d.img,readonly=on,num_queues=2,queue_affinity=[1@[0]],image_type=raw",
                "file=/tmp/serial");
        Json.Obj json = VmConfig.TABLE.write(config);
        assertThat(json.toString())
                .contains("\"boot_vcpus\":2,\"max_vcpus\":4")
                .contains(
                        "\"topology\":{\"threads_per_core\":2,\"cores_per_die\":2,\"dies_per_package\":1,\"packages\":1}")
                .contains("\"affinity\":[{\"vcpu\":0,\"host_cpus\":[1,3,4]}]")
                .contains("\"core_scheduling\":\"Vcpu\"")
                .contains("\"size\":1073741824")
                .contains("\"queue_affinity\":[{\"queue_index\":1,\"host_cpus\":[0]}]")
                .contains("\"serial\":{\"mode\":\"File\",\"file\":\"/tmp/serial\"}")
                .contains("\"lock_granularity\":\"ByteRange\"");
        assertThat(VmConfig.TABLE.read(JsonReader.read(json.toString()))).isEqualTo(config);
        assertThat(config.problems(HOST)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "boot=2,max=1 | | | | --cpus max: 1 is less than boot=2",
                "boot=65 | | | | --cpus boot: 65 vCPUs are more than KVM allows here: at most 64",
                "boot=2,topology=1:1:1:1 | | | | --cpus topology: describes 1 vCPUs, max is 2",
                "boot=4,topology=4:1:1:1 | | | | --cpus topology: 4 threads of a core",
                "affinity=[3@[0]] | | | | --cpus affinity: names vCPU 3, there are 0 to 0",
                "affinity=[0@[0],0@[1]] | | | | --cpus affinity: names vCPU 0 twice: give all its CPUs once",
                "affinity=[0@[]] | | | | --cpus affinity: has no CPU for vCPU 0: give one, or leave it out",
                "kvm_hyperv=on | | | | --cpus kvm_hyperv: is not supported yet",
                " | size=0 | | | --memory size: is 0: give the guest some",
                " | size=5G | | | --memory size: 5G is more than this host has: at most 4096M",
                " | size=1000 | | | --memory size: 1000 is no multiple of 4K",
                " | mergeable=on | | | --memory mergeable: cannot be",
                " | hugepage_size=2M | | | --memory hugepage_size: is given without hugepages=on",
                " | hugepages=on,hugepage_size=3M | | | --memory hugepage_size: 3145728 is no power of two",
                " | size=3M,hugepages=on,hugepage_size=2M | | | --memory size: 3M is no multiple of hugepage_size=2M",
                " | | path=/x,queue_size=100 | | --disk _disk0 queue_size: 100 is no power of two",
                " | | path=/x,num_queues=2 | | --disk _disk0 num_queues: 2 are more than the 1 vCPUs",
                " | | path=/x,serial=123456789012345678901 | | --disk _disk0 serial: 21 bytes, at most 20",
                " | | path=/x,image_type=qcow2 | | --disk _disk0 image_type: qcow2 is not supported yet",
                " | | path=/x,pci_device_id=0 | | --disk _disk0 pci_device_id: 0 is the host bridge",
                " | | path=/x,pci_segment=1 | | --disk _disk0 pci_segment: 1 is not there, the last is 0",
                " | | path=/x,id=__x | | --disk id: '__x' is reserved",
                " | | | socket | --serial: socket without a path: write socket=<path>",
                " | | | file | --serial: file without a path",
                " | | | tty,file=/x | --serial: says tty and a path for something else"
            })
    void eachMistakeIsOneLineThatNamesTheOption(String cpus, String memory, String disk, String serial, String line) {
        List<Problem> problems = config(orEmpty(cpus), orEmpty(memory), orEmpty(disk), orEmpty(serial))
                .problems(HOST);
        assertThat(problems).singleElement().satisfies(p -> assertThat(p.line()).startsWith(line));
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    private static final String THEIRS = " has no effect with vhost_user=on: it is the daemon's own";

    @Test
    void whatHasNoEffectYetIsNamed() {
        String disk = "queue_affinity=[0@[0]],lock_granularity=full,sparse=off";
        assertThat(config(
                                "boot=1,affinity=[0@[0]],core_scheduling=vcpu",
                                "reserve=on",
                                "vhost_user=on,socket=/s," + disk,
                                "")
                        .unheeded())
                .containsExactly(
                        "--memory reserve without hugepages=on has no effect yet",
                        "--disk _disk0 queue_affinity" + THEIRS,
                        "--disk _disk0 lock_granularity=full" + THEIRS,
                        "--disk _disk0 sparse=off" + THEIRS);
        assertThat(config("", "reserve=on,hugepages=on", "path=/x," + disk, "").unheeded())
                .as("of daemons of others, and of small pages")
                .isEmpty();
        assertThat(config("", "", "path=/x", "").unheeded()).isEmpty();
    }

    @Test
    void idsAndSlotsAreUnique() {
        DiskConfig disk = DiskConfig.TABLE.parse("path=/x,id=root,pci_device_id=5");
        VmConfig one = config("", "", "", "");
        VmConfig two = new VmConfig(
                one.payload(),
                one.cpus(),
                one.memory(),
                List.of(disk, disk),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                one.rng(),
                one.serial(),
                one.console(),
                one.debugConsole(),
                false,
                true,
                one.platform(),
                List.of(),
                Optional.empty());
        assertThat(two.problems(HOST).stream().map(Problem::line))
                .containsExactly(
                        "--disk id: 'root' is given twice: choose another one",
                        "--disk root pci_device_id: 5 is taken: choose another one");
    }

    /** C-116. */
    @Test
    void aSegmentsShareIsSaidOnceAndOfOneThatThereIs() {
        String machine =
                "{\"payload\":{\"kernel\":\"/k\"},\"platform\":{\"num_pci_segments\":2},\"pci_segments\":[%s]}";
        String one = "{\"pci_segment\":1,\"mmio64_aperture_weight\":3}";
        VmConfig right = VmConfig.TABLE.read(JsonReader.read(machine.formatted(one)));
        assertThat(PciSegmentConfig.all(2, right.pciSegments()))
                .containsExactly(new PciSegmentConfig(0, 1, 1), new PciSegmentConfig(1, 1, 3));
        assertThat(right.problems(HOST)).isEmpty();
        VmConfig wrong =
                VmConfig.TABLE.read(JsonReader.read(machine.formatted(one + "," + one + ",{\"pci_segment\":2}")));
        assertThat(wrong.problems(HOST).stream().map(Problem::line))
                .containsExactly(
                        "--pci-segment pci_segment: 1 is given twice: say all of it once",
                        "--pci-segment pci_segment: 2 is not there, the last is 1: give --platform num_pci_segments=3");
        assertThatThrownBy(() -> PciSegmentConfig.TABLE.parse("pci_segment=0,mmio32_aperture_weight=0"))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining("mmio32_aperture_weight");
    }

    @Test
    void aKernelIsNeeded() {
        VmConfig config = VmConfig.TABLE.read(JsonReader.read("{\"payload\":{}}"));
        assertThat(config.problems(HOST))
                .singleElement()
                .satisfies(p -> assertThat(p.line()).startsWith("--kernel: none is given"));
        assertThatThrownBy(() -> VmConfig.TABLE.read(JsonReader.read("{}"))).hasMessage("lacks payload");
    }

    /** What is told of a VM is a configuration, which may be given back. */
    @Test
    void aTerminalThatWasMadeIsNoMistake() {
        VmConfig config =
                config("", "", "", "pty").with(Optional.of("/dev/pts/7"), Optional.of("/dev/pts/8"), Optional.empty());
        assertThat(VmConfig.TABLE.write(config).toString())
                .contains("\"serial\":{\"mode\":\"Pty\",\"file\":\"/dev/pts/7\"}")
                .doesNotContain("/dev/pts/8");
        assertThat(config.problems(HOST)).isEmpty();
        assertThat(config.with(Optional.empty(), Optional.empty(), Optional.empty()))
                .isEqualTo(config("", "", "", "pty"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "null", "pty", "tty"})
    void aConsoleIsNamedByItsMode(String word) {
        assertThat(ConsoleConfig.TABLE.parse(word).mode().word()).isEqualTo(word);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "readonly=on | path: is missing: give path=<image>, or vhost_user=on,socket=<path>",
                "path= | path: is missing: give path=<image>, or vhost_user=on,socket=<path>",
                "vhost_user=on | vhost_user=on lacks socket=<path>, where the daemon listens",
                "vhost_user=on,socket=/s,path=/x | path: goes to the daemon, not here, with vhost_user=on: leave it"
                        + " out",
                "path=/x,socket=/s | socket: is given without vhost_user=on: add it"
            })
    void aDiskIsServedByOneDaemon(String disk, String line) {
        assertThatThrownBy(() -> DiskConfig.TABLE.parse(disk)).hasMessage(line);
    }

    @Test
    void aDaemonOfSomebodyElseIsNamedByItsSocket() {
        DiskConfig disk = DiskConfig.TABLE.parse("vhost_user=on,socket=/run/s");
        assertThat(disk.backend()).isEqualTo(new DiskConfig.Backend.Socket("/run/s"));
        assertThat(DiskConfig.TABLE.write(disk).toString())
                .contains("\"vhost_user\":true,\"vhost_socket\":\"/run/s\"")
                .doesNotContain("\"path\"");
    }

    @Test
    void anUnknownKeyOfADiskNamesTheNearest() {
        assertThatThrownBy(() -> DiskConfig.TABLE.parse("path=/x,readonyl=on"))
                .isInstanceOf(OptionException.class)
                .hasMessage("unknown key 'readonyl'; did you mean 'readonly'?");
        assertThatThrownBy(() -> DiskConfig.TABLE.parse("path=/x,bw_size=1"))
                .hasMessage("key 'bw_size' is not supported yet: leave it out");
    }

    private static VmConfig read(String members) {
        return VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"/k\"}," + members + "}"));
    }

    /** A VM without what was asked for may be one without protection, or without a device. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
        "devices":[{"path":"/sys/x"}]           | devices
        "numa":[{"guest_numa_id":0}]            | numa
        "rtc":{}                                | rtc
        "ivshmem":{"path":"/x"}                 | ivshmem
        "platform":{"tdx":true}                 | platform.tdx
        "platform":{"vfio_p2p_dma":true,"iommu_address_width_bits":48} | platform.iommu_address_width_bits
        "serial":{"mode":"Off","pci_segment":1} | serial.pci_segment
        "memory":{"size":1,"zones":[{"id":"a"}]}| memory.zones
        "memory":{"size":1,"hotplugged_size":1} | memory.hotplugged_size
        "cpus":{"features":{"amx":true}}        | cpus.features
        "cpus":{"profile":"Skylake"}            | cpus.profile
        "disks":[{"path":"/x","iommu":true}]    | disks[0].iommu
        "disks":[{"path":"/x","rate_limiter_config":{"ops":{"size":1,"refill_time":1}}}] | disks[0].rate_limiter_config
        "net":[{"iommu":true}]                  | net[0].iommu
        "rng":{"src":"/x","iommu":true}         | rng.iommu
        "balloon":{"size":0,"iommu":true}       | balloon.iommu
        "serial":{"mode":"Off","iommu":true}    | serial.iommu
        "console":{"mode":"Off","iommu":true}   | console.iommu
        "debug_console":{"mode":"Off","iommu":true} | debug_console.iommu
        "generic_vhost_user":[{"socket":"/x","device_type":2,"queue_sizes":[2],"iommu":true}] | generic_vhost_user[0].iommu
        """)
    void whatThereIsNotYetIsNotLeftOutInSilence(String member, String path) {
        assertThatThrownBy(() -> read(member))
                .isInstanceOf(OptionException.class)
                .hasMessage(path + " is not supported yet: leave it out");
    }

    /** As generated clients write what they do not want, and Kata's what Cloud Hypervisor has anyway. */
    @Test
    void whatThereIsNotYetMayBeDeclined() {
        String members = "\"iommu\":false,"
                + "\"landlock_enable\":false,\"devices\":[],\"numa\":null,\"tpm\":{\"socket\":\"\"},\"rtc\":null,"
                + "\"cpus\":{\"boot_vcpus\":1,\"max_vcpus\":1,\"features\":{\"amx\":false},\"profile\":\"Host\"},"
                + "\"memory\":{\"size\":536870912,\"hotplug_method\":\"Acpi\",\"hotplugged_size\":0,\"zones\":[]},"
                + "\"rng\":{\"src\":\"/dev/urandom\",\"iommu\":false},"
                + "\"platform\":{\"num_pci_segments\":1,\"tdx\":false,\"vfio_p2p_dma\":true,"
                + "\"iommu_address_width_bits\":64,\"iommu_segments\":[],\"iommufd\":false}";
        Json.Obj json =
                (Json.Obj) JsonReader.read("{\"payload\":{\"kernel\":\"/k\",\"firmware\":null}," + members + "}");
        assertThat(VmConfig.TABLE.read(json)).isEqualTo(read("\"iommu\":false"));
        assertThat(VmConfig.TABLE.unknown(json)).isEmpty();
    }

    /** Cloud Hypervisor's defaults, written out. */
    @Test
    void itsDefaultsMayBeSaidInFlags() {
        assertThat(MemoryConfig.TABLE.parse("hotplug_method=acpi,hotplugged_size=0"))
                .isEqualTo(MemoryConfig.TABLE.defaults());
        assertThat(PlatformOptions.TABLE.parse("vfio_p2p_dma=on,iommu_address_width=64,iommufd=off"))
                .isEqualTo(PlatformConfig.DEFAULT);
        assertThat(CpusConfig.TABLE.parse("profile=host,features=[]")).isEqualTo(CpusConfig.TABLE.defaults());
        assertThat(DiskConfig.TABLE.parse("path=/x,bw_size=0,ops_size=0,backing_files=off"))
                .isEqualTo(DiskConfig.TABLE.parse("path=/x"));
    }

    @Test
    void howMemoryWouldBeAddedIsKept() {
        VmConfig config = config("", "hotplug_method=acpi,hotplug_size=1G", "", "");
        assertThat(VmConfig.TABLE.write(config).toString()).contains("\"hotplug_method\":\"Acpi\"");
        assertThat(config("", "hotplug_method=virtio-mem", "", "").problems(HOST))
                .singleElement()
                .satisfies(p -> assertThat(p.line())
                        .isEqualTo("--memory hotplug_method: virtio-mem is not supported yet: leave it out"));
        assertThat(read("\"memory\":{\"size\":4096,\"hotplug_method\":\"VirtioMem\"}")
                        .memory()
                        .hotplugMethod())
                .isEqualTo(MemoryConfig.HotplugMethod.VIRTIO_MEM);
    }

    @Test
    void twoConsolesOnTheTerminalAreTold() {
        assertThat(config("", "", "", "tty").unheeded())
                .singleElement()
                .satisfies(line -> assertThat(line).startsWith("--serial and --console share the terminal"));
        assertThat(config("", "", "", "off").unheeded()).isEmpty();
    }

    /** What a VMM that runs has not, no request can give it. */
    @Test
    void landlockIsOnlyWhereTheVmmIsConfined() {
        String on = "\"landlock_enable\":true";
        assertThatThrownBy(() -> read(on).confined(Optional.empty()))
                .isInstanceOf(OptionException.class)
                .hasMessage(
                        "landlock_enable: this VMM is not confined: start the VMM with --landlock, or leave it out");
        Optional<List<LandlockRule>> vmm = Optional.of(List.of(
                LandlockRule.TABLE.parse("path=/srv,access=r"), LandlockRule.TABLE.parse("path=/srv/own,access=w")));
        assertThat(read(on).confined(vmm).landlock()).isEqualTo(vmm);
        assertThat(read("\"iommu\":false").confined(vmm).landlock())
                .as("it is, in any case")
                .isEqualTo(vmm);
        assertThat(read("\"iommu\":false").confined(Optional.empty()).landlock())
                .isEmpty();
        String rule = on + ",\"landlock_rules\":[{\"path\":\"%s\",\"access\":\"%s\"}]";
        read(rule.formatted("/srv/x/../y", "r")).confined(vmm);
        read(rule.formatted("/srv/own/z", "rw")).confined(vmm);
        for (String[] beyond : new String[][] {{"/srv/x", "rw"}, {"/srvx", "r"}, {"/", "r"}, {"/a\\u0000b", "r"}}) {
            assertThatThrownBy(() -> read(rule.formatted(beyond[0], beyond[1])).confined(vmm))
                    .isInstanceOf(OptionException.class)
                    .hasMessageStartingWith("landlock_rules: the VMM may not reach /")
                    .hasMessageEndingWith(",access=" + beyond[1]);
        }
        assertThatThrownBy(() -> read("\"landlock_rules\":[{\"path\":\"/x\",\"access\":\"r\"}]"))
                .hasMessage("landlock_rules does nothing without landlock_enable: give both");
        Json.Obj told = VmConfig.TABLE.write(read(on).confined(vmm));
        assertThat(told.get("landlock_enable")).hasToString("true");
        assertThat(told.get("landlock_rules"))
                .hasToString("[{\"path\":\"/srv\",\"access\":\"r\"},{\"path\":\"/srv/own\",\"access\":\"w\"}]");
    }

    /** What is the daemon's own cannot be promised here; what a client writes of it anyway is told. */
    @Test
    void aDiskOfOthersIsAsItsDaemonHasIt() {
        assertThatThrownBy(() -> DiskConfig.TABLE.parse("vhost_user=on,socket=/s,readonly=on"))
                .isInstanceOf(OptionException.class)
                .hasMessage(
                        "readonly: is the daemon's own with vhost_user=on, and would not be kept here: give it there,"
                                + " and leave it out here");
        VmConfig told =
                config("boot=1", "", "vhost_user=on,socket=/s,direct=on,serial=x,image_type=qcow2,sparse=off", "off");
        assertThat(told.problems(HOST)).isEmpty();
        String why = " has no effect with vhost_user=on: it is the daemon's own";
        assertThat(told.unheeded())
                .containsExactly(
                        "--disk _disk0 direct=on" + why,
                        "--disk _disk0 serial" + why,
                        "--disk _disk0 image_type" + why,
                        "--disk _disk0 sparse=off" + why);
        assertThat(config("", "", "vhost_user=on,socket=/s,readonly=off,direct=off", "off")
                        .unheeded())
                .isEmpty();
    }

    /** For testing only, says Cloud Hypervisor, and shows them nowhere. */
    @Test
    void keysThatCloudHypervisorHidesAreTaken() {
        DiskConfig disk = DiskConfig.TABLE.parse("path=/x,_disable_io_uring=on,_disable_aio=on");
        assertThat(disk.plainCalls()).isTrue();
        assertThat(DiskConfig.TABLE.read(DiskConfig.TABLE.write(disk))).isEqualTo(disk);
        Json.Obj json = Json.object("path", "/x", "disable_io_uring", false, "disable_aio", false);
        assertThat(DiskConfig.TABLE.read(json)).isEqualTo(DiskConfig.TABLE.parse("path=/x"));
        assertThat(DiskConfig.TABLE.unknown(json)).isEmpty();
        assertThat(DiskConfig.TABLE.help().toString()).doesNotContain("_disable");
    }

    /** Clients that are generated from Cloud Hypervisor's description may write its word for a format that is not said. */
    @Test
    void anUnknownFormatIsAsIfItWereNotSaid() {
        assertThat(DiskConfig.TABLE.read(Json.object("path", "/x", "image_type", "Unknown")))
                .isEqualTo(DiskConfig.TABLE.parse("path=/x"));
    }
}
