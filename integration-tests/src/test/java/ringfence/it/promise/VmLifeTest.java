package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/**
 * A VM over the API: a VMM is started without one, and the API makes it, boots it, pauses it and ends it. Any KVM will
 * do for a guest that does nothing but write to its serial port.
 */
class VmLifeTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String CREATED = "\"state\":\"Created\"";
    private static final String RUNNING = "\"state\":\"Running\"";
    private static final String PAUSED = "\"state\":\"Paused\"";

    @TempDir
    Path directory;

    private final KvmHost host = new LocalHost(Checkout.find());
    private Path output;
    private String config;
    private Program vmm;
    private VmmApi api;

    @BeforeEach
    void aVmmWithoutAVm() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        output = directory.resolve("output");
        // writes a dot to COM1, counts for a while, and again
        Path kernel = Files.write(
                directory.resolve("dots"),
                TinyKernel.of(0x66, 0xBA, 0xF8, 0x03, 0xB0, '.', 0xEE, 0xB9, 0, 0, 1, 0, 0xE2, 0xFE, 0xEB, 0xF6));
        config = configOf(kernel);
        Path socket = directory.resolve("api");
        vmm = host.start(Command.of(Checkout.find()
                        .product()
                        .resolve("bin/cloud-hypervisor")
                        .toString())
                .with("--api-socket", socket.toString())
                .variable("RINGFENCE_ANY_KVM", "1"));
        api = new VmmApi(socket);
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!api.isServed()) {
            assertThat(vmm.isRunning()).isTrue();
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @AfterEach
    void end() {
        vmm.close();
        host.close();
    }

    private String configOf(Path kernel) {
        return "{\"payload\":{\"kernel\":\"" + kernel + "\"},\"cpus\":{\"boot_vcpus\":2,\"max_vcpus\":2},"
                + "\"memory\":{\"size\":67108864},\"console\":{\"mode\":\"Off\"},"
                + "\"serial\":{\"mode\":\"File\",\"file\":\"" + output + "\"}}";
    }

    private void done(String endpoint) throws IOException {
        assertThat(api.put(endpoint)).as(endpoint).isEqualTo(new VmmApi.Answer(204, ""));
    }

    private String info() throws IOException {
        VmmApi.Answer answer = api.get("vm.info");
        assertThat(answer.status()).isEqualTo(200);
        return answer.body();
    }

    private void awaitOutput() throws Exception {
        long before = Files.exists(output) ? Files.size(output) : 0;
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!Files.exists(output) || Files.size(output) == before) {
            assertThat(System.nanoTime()).as("the guest runs").isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @Test
    void aVmIsCreatedBootedPausedResumedRebootedShutDownBootedAgainAndDeleted() throws Exception {
        assertThat(api.get("vm.info").status()).isEqualTo(404);
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        assertThat(info()).contains(CREATED).contains("\"boot_vcpus\":2");
        done("vm.boot");
        assertThat(info()).contains(RUNNING);
        awaitOutput();
        done("vm.pause");
        assertThat(info()).contains(PAUSED);
        Thread.sleep(100); // what was on its way
        long size = Files.size(output);
        Thread.sleep(300);
        assertThat(Files.size(output)).as("a paused guest does nothing").isEqualTo(size);
        done("vm.resume");
        assertThat(info()).contains(RUNNING);
        awaitOutput();
        done("vm.reboot");
        assertThat(info()).contains(RUNNING);
        awaitOutput();
        done("vm.shutdown");
        assertThat(info()).contains(CREATED);
        done("vm.boot");
        awaitOutput();
        done("vm.pause");
        done("vm.delete");
        assertThat(api.get("vm.info").status()).isEqualTo(404);
        done("vm.delete"); // nothing to delete is no error
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        assertThat(api.put("vmm.shutdown").status()).isEqualTo(200);
        assertThat(vmm.await(SOON).status()).isZero();
    }

    /** This guest has no place to go to on a non-maskable interrupt. */
    @Test
    void anNmiReachesTheGuest() throws Exception {
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        done("vm.boot");
        awaitOutput();
        done("vm.nmi");
        assertThat(vmm.await(SOON).status()).as("triple fault").isEqualTo(4);
    }

    /** What vm.info tells of a configuration is one. */
    @Test
    void aConfigurationIsTakenAsItWasGivenBack() throws Exception {
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        String info = info();
        done("vm.delete");
        String told = info.substring("{\"config\":".length(), info.indexOf(",\"state\":"));
        assertThat(api.put("vm.create", told).status()).isEqualTo(204);
        assertThat(info()).isEqualTo(info);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"vm.boot", "vm.pause", "vm.resume", "vm.reboot", "vm.shutdown", "vm.nmi", "vm.power-button"})
    void withoutAVmThereIsNothingToChange(String endpoint) throws Exception {
        VmmApi.Answer answer = api.put(endpoint);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).isEqualTo("[\"there is no VM: vm.create makes one\"]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vm.pause", "vm.resume", "vm.reboot", "vm.shutdown", "vm.nmi", "vm.power-button"})
    void whatIsNotBootedCannotBeStopped(String endpoint) throws Exception {
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        assertThat(api.put(endpoint)).isEqualTo(new VmmApi.Answer(500, "[\"the VM is not booted\"]"));
    }

    @Test
    void aVmIsCreatedAndBootedOnce() throws Exception {
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        assertThat(api.put("vm.create", config).status()).isEqualTo(500);
        done("vm.boot");
        assertThat(api.put("vm.create", config).status()).isEqualTo(500);
        assertThat(api.put("vm.boot")).isEqualTo(new VmmApi.Answer(500, "[\"the VM is booted already\"]"));
        assertThat(api.put("vm.resume")).isEqualTo(new VmmApi.Answer(500, "[\"the VM is not paused\"]"));
        done("vm.pause");
        assertThat(api.put("vm.pause")).isEqualTo(new VmmApi.Answer(500, "[\"the VM is paused already\"]"));
        assertThat(info()).contains(PAUSED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "vm.create | | 400 | is missing",
                "vm.create | {\"payload\":{\"kernel\":\"/k\"} | 400 | not JSON",
                "vm.create | [] | 400 | an object is needed",
                "vm.create | {} | 400 | lacks payload",
                "vm.create | {\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":0,\"max_vcpus\":1}} | 400 |"
                        + " boot_vcpus",
                "vm.create | {\"payload\":{\"kernel\":\"/k\"},\"memory\":{\"size\":4097}} | 400 | multiple of 4K",
                "vm.create | {\"payload\":{\"kernel\":\"/k\"},\"net\":[{\"fds\":[7]}]} | 400 | not taken over the API",
                "vm.add-disk | {\"path\":\"/no\"} | 404 | there is no VM",
                "vm.add-fs | {\"socket\":\"/no\"} | 400 | tag",
                "vm.remove-device | {} | 400 | lacks id",
                "vm.resize | {} | 404 | there is no VM",
                "vm.resize | {\"desired_vcpus\":0} | 400 | desired_vcpus is 0",
                "vm.create |"
                    + " {\"payload\":{\"kernel\":\"/k\"},\"disks\":[{\"id\":\"d\",\"path\":\"/a\"},{\"id\":\"d\",\"path\":\"/b\"}]}"
                    + " | 409 | 'd' is given twice",
                "vm.nonsense | {} | 404 | no endpoint",
                "vm.info | {} | 400 | takes GET",
            })
    void whatIsWrongIsNamed(String endpoint, String body, int status, String words) throws Exception {
        VmmApi.Answer answer = api.put(endpoint, body == null ? "" : body);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body()).contains(words);
    }

    /** A boot that fails leaves the VM as it was, and the VMM alive. */
    @Test
    void aKernelThatIsNotThereIsNamedWhenTheVmBoots() throws Exception {
        Path late = directory.resolve("late");
        assertThat(api.put("vm.create", configOf(late)).status()).isEqualTo(204);
        VmmApi.Answer answer = api.put("vm.boot");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).contains("--kernel").contains("no such file");
        Files.write(late, new byte[4096]);
        assertThat(api.put("vm.boot").status()).as("no kernel").isEqualTo(500);
        assertThat(info()).contains(CREATED);
        Files.write(late, TinyKernel.halting());
        done("vm.boot");
        assertThat(info()).contains(RUNNING);
    }

    /** Before its boot, a VM's devices are its configuration's. */
    @Test
    void devicesAreAddedToAndTakenFromAVmThatIsNotBooted() throws Exception {
        assertThat(api.put("vm.create", config).status()).isEqualTo(204);
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        String disk = "{\"path\":\"" + image + "\"}";
        assertThat(api.put("vm.add-disk", disk).status()).isEqualTo(204);
        assertThat(api.put("vm.add-disk", "{\"id\":\"data\",\"path\":\"" + image + "\"}")
                        .status())
                .isEqualTo(204);
        assertThat(api.put("vm.add-net", "{\"id\":\"data\"}").status())
                .as("a name twice")
                .isEqualTo(409);
        assertThat(api.put("vm.add-net", "{\"mac\":\"01:00:00:00:00:00\"}").body())
                .contains("no single station");
        assertThat(api.put("vm.add-fs", "{\"tag\":\"t\",\"path\":\"" + directory + "\"}")
                        .status())
                .isEqualTo(204);
        assertThat(info()).contains("\"_disk0\"").contains("\"data\"").contains("\"_fs0\"");
        assertThat(api.put("vm.remove-device", "{\"id\":\"_fs0\"}").status()).isEqualTo(204);
        assertThat(api.put("vm.remove-device", "{\"id\":\"_fs0\"}").status()).isEqualTo(404);
        assertThat(api.put("vm.remove-device", "{\"id\":\"data\"}").status()).isEqualTo(204);
        assertThat(info()).contains("\"_disk0\"").doesNotContain("\"data\"").doesNotContain("\"_fs0\"");
        done("vm.boot"); // with a daemon of its own
        awaitOutput();
        awaitCounters("\"connected\":1,");
        done("vm.shutdown");
        assertThat(api.get("vm.counters").status()).as("not booted").isEqualTo(500);
    }

    private void awaitCounters(String wanted) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        VmmApi.Answer answer;
        do {
            answer = api.get("vm.counters");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(System.nanoTime()).as(answer.body()).isLessThan(deadline);
            Thread.sleep(20);
        } while (!answer.body().contains(wanted));
    }
}
