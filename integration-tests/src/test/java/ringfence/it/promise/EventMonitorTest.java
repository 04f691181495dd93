package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** What a VMM tells with {@code --event-monitor}. Any KVM will do for guests that do nothing. */
class EventMonitorTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Pattern EVENT = Pattern.compile("\"source\": \"(.*)\",\n  \"event\": \"(.*)\"");

    @TempDir
    Path directory;

    private Path events;

    @BeforeEach
    void kvm() {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        events = directory.resolve("events");
    }

    private Command vmm(byte[] kernel) throws IOException {
        Path file = Files.write(directory.resolve("kernel"), kernel);
        return Command.of(Checkout.find()
                        .product()
                        .resolve("bin/cloud-hypervisor")
                        .toString())
                .with("--kernel", file.toString(), "--serial", "null", "--console", "off")
                .variable("RINGFENCE_ANY_KVM", "1");
    }

    private static List<String> names(String stream) {
        return EVENT.matcher(stream)
                .results()
                .map((MatchResult found) -> found.group(1) + ":" + found.group(2))
                .toList();
    }

    private List<String> told() throws IOException {
        return Files.exists(events) ? names(Files.readString(events)) : List.of();
    }

    private void await(Program vmm, String event) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!told().contains(event)) {
            assertThat(vmm.isRunning()).as(() -> vmm.err().text()).isTrue();
            assertThat(System.nanoTime()).as(() -> vmm.err().text()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @Test
    void aGuestThatPowersOffIsToldToTheEnd() throws Exception {
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm(TinyKernel.poweringOff()).with("--event-monitor", "path=" + events))) {
            assertThat(vmm.await(SOON).status()).isZero();
        }
        assertThat(told())
                .containsExactly(
                        "vmm:starting",
                        "vm:booting",
                        "cpu_manager:create_vcpu",
                        "vm:booted",
                        "vm:shutdown",
                        "vm:deleted",
                        "vmm:shutdown");
    }

    /** As libvirt reads it: the pipe is there first, its reader comes when the VMM runs. */
    @Test
    void aPipeWhoseReaderComesLaterMissesNothing() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", events.toString()).start().waitFor())
                .isZero();
        Path socket = directory.resolve("api");
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm(TinyKernel.halting())
                        .with("--event-monitor", "path=" + events, "--api-socket", socket.toString()))) {
            VmmApi api = new VmmApi(socket);
            long deadline = System.nanoTime() + SOON.toNanos();
            while (!api.isServed() || !api.get("vm.info").body().contains("\"state\":\"Running\"")) {
                assertThat(System.nanoTime()).as(() -> vmm.err().text()).isLessThan(deadline);
                Thread.sleep(20);
            }
            Process reader = new ProcessBuilder("cat", events.toString()).start();
            api.put("vm.pause");
            api.put("vmm.shutdown");
            assertThat(names(new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8)))
                    .containsExactly(
                            "vmm:starting",
                            "vm:booting",
                            "cpu_manager:create_vcpu",
                            "vm:booted",
                            "vm:pausing",
                            "vm:paused",
                            "vm:shutdown",
                            "vm:deleted",
                            "vmm:shutdown");
            assertThat(vmm.await(SOON).status()).isZero();
        }
    }

    /** A guest that takes no notice of what it is asked for loses it when it is reset. */
    @Test
    void aDeviceThatHasLeftIsToldWithItsPlace() throws Exception {
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        Path socket = directory.resolve("api");
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm(TinyKernel.halting())
                        .with("--disk", "path=" + image, "--event-monitor", "path=" + events)
                        .with("--api-socket", socket.toString()))) {
            await(vmm, "vm:booted");
            VmmApi api = new VmmApi(socket);
            assertThat(api.put("vm.remove-device", "{\"id\":\"_disk0\"}").status())
                    .isEqualTo(204);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
            await(vmm, "vm:device-removed");
            assertThat(Files.readString(events)).contains("\"bdf\": \"0000:00:01.0\",\n    \"id\": \"_disk0\"");
        }
    }

    @Test
    void theDeathOfADaemonAndItsSuccessorAreTold() throws Exception {
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm(TinyKernel.halting())
                        .with("--disk", "path=" + image, "--event-monitor", "path=" + events, "-vv"))) {
            long deadline = System.nanoTime() + SOON.toNanos();
            while (!vmm.err().text().contains("_disk0: connected to process")) {
                assertThat(System.nanoTime()).as(() -> vmm.err().text()).isLessThan(deadline);
                Thread.sleep(20);
            }
            ProcessHandle.of(vmm.pid()).orElseThrow().children().forEach(ProcessHandle::destroyForcibly);
            await(vmm, "ringfence:device-reconnected");
            assertThat(told())
                    .containsExactly(
                            "vmm:starting",
                            "vm:booting",
                            "cpu_manager:create_vcpu",
                            "vm:booted",
                            "ringfence:device-lost",
                            "ringfence:device-reconnected");
            assertThat(Files.readString(events)).contains("\"id\": \"_disk0\"", "\"gap_us\": \"", "\"pid\": \"");
        }
    }

    /** What a request asks for in vain, known or not, is in the stream and in the log. */
    @Test
    void whatARequestAsksForInVainIsTold() throws Exception {
        Path socket = directory.resolve("api");
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm(TinyKernel.halting())
                        .with("--event-monitor", "path=" + events, "--api-socket", socket.toString()))) {
            await(vmm, "vm:booted");
            String another =
                    "{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":1,\"max_vcpus\":2},\"colour\":1}";
            assertThat(new VmmApi(socket).put("vm.create", another).status())
                    .as("there is a VM")
                    .isEqualTo(500);
            await(vmm, "ringfence:no-effect");
            assertThat(told()).contains("ringfence:unknown-members");
            String line = "--cpus max above boot has no effect yet";
            assertThat(Files.readString(events)).contains("\"options\": \"" + line + "\"", "\"members\": \"colour\"");
            long deadline = System.nanoTime() + SOON.toNanos();
            while (!vmm.err().text().contains("vm.create: " + line)
                    || !vmm.err().text().contains("not known: colour")) {
                assertThat(System.nanoTime()).as(() -> vmm.err().text()).isLessThan(deadline);
                Thread.sleep(20);
            }
        }
    }
}
