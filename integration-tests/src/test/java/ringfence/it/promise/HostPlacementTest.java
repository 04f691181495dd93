package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.TaskCpus;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;

/** Where on its host a VM that runs has what it was told: threads on CPUs, devices in slots. */
class HostPlacementTest extends HaltedGuest {
    @Override
    List<String> options() {
        return List.of("--cpus", "boot=2,affinity=[1@[" + firstCpu() + "]]", "--rng", "pci_device_id=9");
    }

    /** C-35: it alone, from its start on. */
    @Test
    void aVcpuRunsOnItsCpusAfterAnotherBootToo() throws Exception {
        String anywhere = TaskCpus.here();
        for (int boot = 0; boot < 2; boot++) {
            assertThat(TaskCpus.of(vmm.pid(), "vcpu1")).isEqualTo(firstCpu());
            assertThat(TaskCpus.of(vmm.pid(), "vcpu0")).isEqualTo(anywhere);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        }
    }

    /** A VM that cannot run where it is to is not booted, and says why; then it may be booted otherwise. */
    @Test
    void aBootOnCpusThatThereAreNotIsRefused() throws Exception {
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(api.put("vm.delete").status()).isEqualTo(204);
        String vm = "{\"payload\":{\"kernel\":\"" + directory.resolve("halts") + "\"},\"console\":{\"mode\":\"Off\"},"
                + "\"cpus\":{\"boot_vcpus\":2,\"affinity\":[{\"vcpu\":1,\"host_cpus\":[%s]}]}}";
        assertThat(api.put("vm.create", vm.formatted("8191")).status()).isEqualTo(204);
        assertThat(api.put("vm.boot").body()).contains("--cpus affinity: this process has none of the CPUs [8191]");
        assertThat(info()).contains("\"state\":\"Created\"");
        assertThat(api.put("vm.delete").status()).isEqualTo(204);
        assertThat(api.put("vm.create", vm.formatted(firstCpu())).status()).isEqualTo(204);
        assertThat(api.put("vm.boot").status()).isEqualTo(204);
    }

    /** The source of randomness would be behind the disk. */
    @Test
    void aDeviceThatIsPlacedElsewhereLeavesItsSlot() throws Exception {
        assertThat(added("hot", image("hot"))).contains("0000:00:02.0");
        assertThat(api.put("vm.add-disk", "{\"id\":\"other\",\"pci_device_id\":9,\"path\":\"" + image("other") + "\"}")
                        .body())
                .contains("pci_device_id: 9 is taken");
    }

    /** C-74: its daemon says so, and the VM goes on. */
    @Test
    void aDiskWhoseQueueCannotRunWhereItIsToIsRefused() throws Exception {
        VmmApi.Answer answer = api.put(
                "vm.add-disk",
                "{\"id\":\"hot\",\"queue_affinity\":[{\"queue_index\":0,\"host_cpus\":[8191]}],\"path\":\""
                        + image("hot") + "\"}");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).contains("hot: vhost-user-blk refuses to serve it: its own line says why");
        await(() ->
                vmm.err().text().contains("queue_affinity (--queue-cpus): this process has none of the CPUs [8191]"));
        assertThat(info()).contains("\"state\":\"Running\"");
    }

    /** C-80, C-81. */
    @Test
    void aDiskThatKeepsItsBlocksHasThemWhenItIsThere() throws Exception {
        Path image = Files.createFile(directory.resolve("hot"));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(4 << 20);
        }
        VmmApi.Answer answer = api.put(
                "vm.add-disk",
                "{\"id\":\"hot\",\"sparse\":false,\"lock_granularity\":\"Full\",\"path\":\"" + image + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        Linux linux = Linux.system();
        try (Fd other = linux.files().open(image.toString(), OpenFlag.RDWR)) {
            assertThat(linux.files().tryLock(other, LockType.READ, 4 << 20, 1)).isFalse();
        }
        Process stat = new ProcessBuilder("stat", "-c", "%b", image.toString()).start();
        try (var line = stat.inputReader()) {
            assertThat(512 * Long.parseLong(line.readLine())).isGreaterThanOrEqualTo(4 << 20);
        }
    }

    private static String firstCpu() {
        try {
            return TaskCpus.first();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
