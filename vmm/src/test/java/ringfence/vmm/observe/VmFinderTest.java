package ringfence.vmm.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.option.JsonReader;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.telemetry.PortOwner;
import ringfence.telemetry.ProcessStat;
import ringfence.vmm.supervise.RuntimeDirectory;

/** VMs are found by what they leave in their directories, and listed. */
@Timeout(30)
class VmFinderTest {
    @TempDir
    Path folder;

    private FakeVm vm;

    @BeforeEach
    void aVm() throws Exception {
        vm = new FakeVm(folder, "/run/vm.sock");
    }

    private List<RunningVm> found() {
        return new VmFinder(Linux.system(), List.of(folder), folder.resolve("none")).find();
    }

    @Test
    void whatAVmIsAndItsDevicesStand() {
        RunningVm only = found().getFirst();
        assertThat(only.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(only.socket()).isEqualTo("/run/vm.sock");
        assertThat(only.state()).isEqualTo("running");
        assertThat(only.vcpus()).isEqualTo(2);
        assertThat(only.memory()).isEqualTo(512 << 20);
        assertThat(only.devices())
                .extracting(RunningVm.Device::id, RunningVm.Device::state, RunningVm.Device::reconnects)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("_disk0", "connected", 4L),
                        org.assertj.core.groups.Tuple.tuple("_net1", "reconnecting", 0L));
        assertThat(only.devices().getFirst().counters()).isPresent();
        assertThat(only.devices().getLast().counters()).isEmpty();
    }

    @Test
    void theListIsForPeopleAndForPrograms() {
        List<RunningVm> vms = found();
        assertThat(VmList.table(vms)).hasSize(2);
        assertThat(VmList.table(vms).getLast())
                .startsWith(Long.toString(ProcessHandle.current().pid()))
                .contains("running", "512M", "/run/vm.sock", "_disk0:connected _net1:reconnecting");
        String json = VmList.json(vms);
        assertThat(JsonReader.read(json).toString()).isEqualTo(json);
        assertThat(json)
                .contains(
                        "\"memory\":536870912",
                        "\"api_socket\":\"/run/vm.sock\"",
                        "{\"id\":\"_net1\",\"state\":\"reconnecting\",\"reconnects\":0,\"pid\":null}");
        assertThat(VmList.json(List.of())).isEqualTo("[]");
    }

    /** Its file is a switch's, and has other VMs' counters, too. */
    @Test
    void ofASwitchAVmHasItsOwnPort() throws Exception {
        Path shared = folder.resolve("switch");
        Counters ports = CountersFile.sparse("c", shared, "vhost-user-net", 99, Clock.systemUTC())
                .counters();
        long pid = ProcessHandle.current().pid();
        String own = PortOwner.of(pid, ProcessStat.of(pid).orElseThrow().ticks(), "_net1");
        ports.counter(FakeVm.CHAINS, own + "/q0", 0).setRelease(5);
        ports.counter(FakeVm.CHAINS, PortOwner.of(1, 1, "_net1") + "/q0", 0).setRelease(7);
        Files.createSymbolicLink(vm.directory.resolve(RuntimeDirectory.countersOf("_net1")), shared);
        assertThat(found().getFirst()
                        .devices()
                        .getLast()
                        .counters()
                        .orElseThrow()
                        .values())
                .singleElement()
                .satisfies(value -> assertThat(value.value()).isEqualTo(5));
        assertThat(PrometheusText.of(found()))
                .containsPattern("ringfence_queue_chains_total\\{[^}]*device=\"_net1\",queue=\"0\"} 5\n")
                .doesNotContain("} 7\n");
    }

    /** Its directory stays when a VMM is killed; another process may have its number by then. */
    @Test
    void aVmWhoseProcessIsAnotherOneIsNotShown() throws Exception {
        Path dead = Files.createDirectory(folder.resolve("vm-1"));
        Files.copy(vm.directory.resolve("counters"), dead.resolve("counters"));
        assertThat(found()).hasSize(1);
        Process child = new ProcessBuilder("sleep", "60").start();
        byte[] bytes = Files.readAllBytes(vm.directory.resolve("counters"));
        bytes[16] = (byte) child.pid(); // the header's pid, which began at another time
        bytes[17] = (byte) (child.pid() >> 8);
        bytes[18] = (byte) (child.pid() >> 16);
        Path other = Files.createDirectory(folder.resolve("vm-" + child.pid()));
        Files.write(other.resolve("counters"), bytes);
        assertThat(found()).hasSize(1);
        child.destroyForcibly().waitFor();
    }

    /** Others may make what they like where root looks: it neither waits nor fails. */
    @Test
    void whatIsNoVmIsPassedOver() throws Exception {
        Files.createDirectory(folder.resolve("vm-x"));
        Files.createFile(folder.resolve("vm-7"));
        Path pipe = Files.createDirectory(folder.resolve("vm-8"));
        assertThat(new ProcessBuilder("mkfifo", pipe.resolve("counters").toString())
                        .start()
                        .waitFor(10, TimeUnit.SECONDS))
                .isTrue();
        Path link = Files.createDirectory(folder.resolve("vm-9"));
        Files.createSymbolicLink(link.resolve("counters"), vm.directory.resolve("counters"));
        Files.write(Files.createDirectory(folder.resolve("vm-10")).resolve("counters"), new byte[10_000]);
        assertThat(found()).hasSize(1);
    }

    @Test
    void unitsHaveDirectoriesOfTheirOwn() throws Exception {
        Path run = Files.createDirectory(folder.resolve("run"));
        Path unit = Files.createDirectories(run.resolve("ringfence-vm/web"));
        Files.move(vm.directory, unit.resolve(vm.directory.getFileName()));
        assertThat(found()).isEmpty();
        assertThat(new VmFinder(Linux.system(), List.of(folder), run).find()).hasSize(1);
    }
}
