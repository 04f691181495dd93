package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.ToldEvents;

/**
 * Bodies with all that Cloud Hypervisor's clients write where nothing was said: those that are generated from its description,
 * which write its defaults, and Cloud Hypervisor itself, whose {@code vm.info} may be given to {@code vm.create}. They are
 * taken, and nothing in them is worth a warning.
 */
class TheirBodiesTest {
    private static final String GENERATED = """
        {'payload':{'kernel':'/k'},
         'cpus':{'boot_vcpus':1,'max_vcpus':1,'kvm_hyperv':false,'nested':true,'core_scheduling':'Vm'},
         'memory':{'size':536870912,'mergeable':false,'hotplug_method':'Acpi','shared':false,'hugepages':false,
                   'prefault':false,'reserve':false,'thp':true},
         'disks':[DISK],'net':[NET],'rng':{'src':'/dev/urandom','iommu':false},
         'balloon':{'size':0,'iommu':false,'deflate_on_oom':false,'free_page_reporting':false},
         'fs':[FS],'generic_vhost_user':[GENERIC],'pmem':[PMEM],'serial':{'mode':'Null'},
         'console':{'mode':'Tty','iommu':false},'debug_console':{'mode':'Off'},'vsock':VSOCK,'iommu':false,
         'watchdog':false,'pvpanic':false,'pci_segments':[{'pci_segment':0}],
         'platform':{'tdx':false,'sev_snp':false,'iommufd':false,'vfio_p2p_dma':true},'landlock_enable':false}
        """;

    private static final String DISK = "{'path':'/d','readonly':false,'direct':false,'iommu':false,'num_queues':1,"
            + "'queue_size':128,'vhost_user':false,'backing_files':false,'sparse':true,'lock_granularity':'ByteRange'}";
    private static final String NET = "{'ip':'192.168.249.1','mask':'255.255.255.0','iommu':false,'num_queues':2,"
            + "'queue_size':256,'vhost_user':false,'vhost_mode':'Client','offload_tso':true,'offload_ufo':true,"
            + "'offload_csum':true}";
    private static final String FS = "{'tag':'t','socket':'/s','num_queues':1,'queue_size':1024}";
    private static final String GENERIC = "{'socket':'/g','queue_sizes':[64],'device_type':26}";
    private static final String PMEM = "{'file':'/p','iommu':false,'discard_writes':false}";
    private static final String VSOCK = "{'cid':3,'socket':'/v','iommu':false}";

    /** As Cloud Hypervisor tells of a VM, with what its description leaves out. */
    private static final String TOLD = """
        {'payload':{'kernel':'/k','cmdline':'quiet'},
         'cpus':{'boot_vcpus':1,'max_vcpus':1,'kvm_hyperv':false,'max_phys_bits':46,'features':{'amx':false},
                 'nested':true,'core_scheduling':'Vm','profile':'Host'},
         'memory':{'size':536870912,'mergeable':false,'hotplug_method':'Acpi','shared':true,'hugepages':false,
                   'prefault':false,'reserve':false,'thp':true},
         'disks':[{'id':'_disk0','pci_segment':0,'path':'/d','readonly':false,'direct':false,'num_queues':1,
                   'queue_size':128,'vhost_user':false,'disable_io_uring':false,'disable_aio':false,
                   'backing_files':false,'sparse':true,'image_type':'Unknown','lock_granularity':'ByteRange'}],
         'rng':{'src':'/dev/urandom'},'serial':{'mode':'Null'},'console':{'mode':'Off'},
         'debug_console':{'mode':'Off','iobase':233},'pvpanic':false,'iommu':false,'watchdog':false,'gdb':false,
         'platform':{'num_pci_segments':1,'iommu_address_width_bits':64,'iommufd':false,'vfio_p2p_dma':true},
         'landlock_enable':false}
        """;

    @TempDir
    Path folder;

    private final ToldEvents events = new ToldEvents();
    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.start(folder, ApiLimits.of(1024), events);
    }

    @AfterEach
    void end() {
        server.close();
    }

    private static String json(String body) {
        return body.replace('\'', '"');
    }

    private void assertTakenWithoutAWord(String endpoint, String body) throws Exception {
        assertThat(server.ask("PUT", endpoint, json(body))).as(body).startsWith("HTTP/1.1 204 ");
        assertThat(events.told())
                .noneMatch(Event.UnknownMembers.class::isInstance)
                .noneMatch(Event.Unheeded.class::isInstance);
    }

    @Test
    void aMachineWithEveryDefaultWrittenOut() throws Exception {
        assertTakenWithoutAWord(
                "vm.create",
                GENERATED
                        .replace("DISK", DISK)
                        .replace("NET", NET)
                        .replace("FS", FS)
                        .replace("GENERIC", GENERIC)
                        .replace("PMEM", PMEM)
                        .replace("VSOCK", VSOCK));
    }

    /** Other generators write null for what was not said, or what is empty. */
    @ParameterizedTest
    @CsvSource({"null,null", "[],{}"})
    void aMachineWhoseOtherMembersAreNothing(String list, String object) throws Exception {
        StringBuilder body = new StringBuilder("{'payload':{'kernel':'/k','firmware':null,'igvm':null,'host_data':''}");
        for (String name : List.of(
                "rate_limit_groups",
                "disks",
                "net",
                "fs",
                "generic_vhost_user",
                "pmem",
                "devices",
                "user_devices",
                "vdpa",
                "numa",
                "pci_segments",
                "landlock_rules")) {
            body.append(",'").append(name).append("':").append(list);
        }
        for (String name : List.of("cpus", "memory", "rng", "console", "debug_console", "platform", "tpm")) {
            body.append(",'").append(name).append("':").append(object);
        }
        assertTakenWithoutAWord(
                "vm.create",
                body.append(",'rtc':null,'balloon':null,'vsock':null}").toString());
    }

    @Test
    void aMachineAsCloudHypervisorTellsOfOne() throws Exception {
        assertTakenWithoutAWord("vm.create", TOLD);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "vm.add-disk               | " + DISK,
                "vm.add-disk               | {'vhost_user':true,'vhost_socket':'/s','readonly':false,'direct':false}",
                "vm.add-net                | " + NET,
                "vm.add-fs                 | " + FS,
                "vm.add-generic-vhost-user | " + GENERIC,
                "vm.add-pmem               | " + PMEM,
                "vm.add-vsock              | " + VSOCK
            })
    void aDeviceWithEveryDefaultWrittenOut(String endpoint, String body) throws Exception {
        server.ask("PUT", "vm.create", json("{'payload':{'kernel':'/k'}}"));
        assertTakenWithoutAWord(endpoint, body);
    }
}
