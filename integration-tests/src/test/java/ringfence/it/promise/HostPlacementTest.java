package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where on its host a VM that runs has what it was told: threads on CPUs, devices in slots. */
class HostPlacementTest extends HaltedGuest {
    @Override
    List<String> options() {
        return List.of("--cpus", "boot=2,affinity=[1@[" + firstCpu() + "]]", "--rng", "pci_device_id=9");
    }

    /** C-35: it alone, from its start on. */
    @Test
    void aVcpuRunsOnItsCpusAfterAnotherBootToo() throws Exception {
        String anywhere = cpus(Path.of("/proc/self/status"));
        for (int boot = 0; boot < 2; boot++) {
            assertThat(cpusOf("vcpu1")).isEqualTo(firstCpu());
            assertThat(cpusOf("vcpu0")).isEqualTo(anywhere);
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

    private static String firstCpu() {
        try {
            return cpus(Path.of("/proc/self/status")).split("[-,]", -1)[0];
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String cpusOf(String thread) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + vmm.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(thread)) {
                    return cpus(task.resolve("status"));
                }
            }
        }
        throw new AssertionError("no thread " + thread);
    }

    private static String cpus(Path status) throws IOException {
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }
}
