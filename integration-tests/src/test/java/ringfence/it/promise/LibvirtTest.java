package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * What libvirt's driver for Cloud Hypervisor does: it asks for the version, listens itself and hands the socket over, reads
 * events from a pipe that it opens when the VMM runs, and asks by libcurl. Any KVM will do, for the guest halts.
 */
@Timeout(120)
class LibvirtTest {
    private static final long PATIENCE = 30_000;
    /** What an answer may take, in one piece, also the first one of a process that has just started. */
    private static final long ANSWER_MILLIS = 500;
    /** From then on it gives several descriptors with a card, the payload's form, sockets of serial ports. */
    private static final int NEWEST_GATE = 40;

    private static final int API = 9;

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private Child vmm;

    @AfterEach
    void end() {
        if (vmm != null) {
            vmm.kill(9);
            vmm.await(TimeUnit.SECONDS.toNanos(10));
            vmm.close();
        }
    }

    private static String ask(String request, String body) {
        return request + " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                + (body.isEmpty() ? "" : "Content-Type: application/json\r\n") + "Content-Length: " + body.length()
                + "\r\n\r\n" + body;
    }

    private Wire connect(long patience) {
        return Wire.to(directory.resolve("vm-socket"), patience);
    }

    /** One handle of libcurl's keeps its connection, which others do not disturb. */
    private static Wire.Answer put(Wire curl, String endpoint, String body) {
        return curl.send(ask("PUT /api/v1/" + endpoint, body)).answer();
    }

    private String said() throws IOException {
        return Files.readString(directory.resolve("log"));
    }

    @Test
    void theVersionIsOneThatItKnows() throws Exception {
        Process asked = Programs.start(directory, "version", "cloud-hypervisor", List.of("--version"));
        assertThat(asked.waitFor(PATIENCE, TimeUnit.MILLISECONDS)).isTrue();
        Matcher version = Pattern.compile("cloud-hypervisor v(\\d+)\\.\\d+\\.\\d+\n.*", Pattern.DOTALL)
                .matcher(Files.readString(directory.resolve("version")));
        assertThat(version.matches()).isTrue();
        assertThat(Integer.parseInt(version.group(1))).isGreaterThanOrEqualTo(NEWEST_GATE);
    }

    private CompletableFuture<String> launch() throws Exception {
        Path pipe = directory.resolve("vm-event-monitor-fifo");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (Fd listener = linux.sockets().listen(directory.resolve("vm-socket").toString(), 1)) {
            vmm = Programs.spawn(
                    directory,
                    "log",
                    Map.of(API, listener),
                    "cloud-hypervisor",
                    List.of("--api-socket", "fd=" + API, "--event-monitor", "path=" + pipe));
        }
        return CompletableFuture.supplyAsync(() -> {
            try {
                return Files.readString(pipe, StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    @Test
    void aDomainLivesAndEnds() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        Path kernel = Files.write(directory.resolve("kernel"), TinyKernel.halting());
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        CompletableFuture<String> events = launch();
        try (Wire first = connect(ANSWER_MILLIS);
                Wire curl = connect(PATIENCE);
                Tap tap = Tap.open(linux, "", false)) {
            assertThat(put(
                            first,
                            "vm.create",
                            "{\"cpus\":{\"boot_vcpus\":1,\"max_vcpus\":1},\"memory\":{\"size\":67108864},\"payload\":"
                                    + "{\"kernel\":\"" + kernel
                                    + "\",\"cmdline\":\"root=/dev/vda\"},\"disks\":[{\"path\":\""
                                    + image + "\",\"readonly\":true}]}"))
                    .as(said())
                    .isEqualTo(new Wire.Answer(204, ""));
            addNet(tap.fd());
            assertThat(put(curl, "vm.boot", "").status()).as(said()).isEqualTo(204);
            String info = curl.send(ask("GET /api/v1/vm.info", "").replace("Content-Length: 0\r\n", ""))
                    .answer()
                    .body();
            assertThat(info).contains("\"state\":\"Running\"", "\"id\":\"net_0\"");
            assertThat(put(curl, "vm.pause", "").status()).isEqualTo(204);
            assertThat(put(curl, "vm.resume", "").status()).isEqualTo(204);
            assertThat(put(curl, "vm.power-button", "").status()).isEqualTo(204);
            assertThat(put(curl, "vm.reboot", "").status()).isEqualTo(204);
            assertThat(put(curl, "vm.shutdown", "").status()).isEqualTo(204);
            assertThat(put(curl, "vmm.shutdown", "").status()).isEqualTo(200);
        }
        assertThat(vmm.await(TimeUnit.MILLISECONDS.toNanos(PATIENCE)))
                .as(said())
                .hasValue(0);
        assertThat(directory.resolve("vm-socket")).as("libvirt's to remove").exists();
        assertThat(Pattern.compile("\"source\": \"(vmm?)\",\n  \"event\": \"(.*)\"")
                        .matcher(events.get(10, TimeUnit.SECONDS))
                        .results()
                        .map(found -> found.group(1) + ":" + found.group(2)))
                .containsExactly(
                        "vmm:starting",
                        "vm:booting",
                        "vm:booted",
                        "vm:pausing",
                        "vm:paused",
                        "vm:resuming",
                        "vm:resumed",
                        "vm:rebooting",
                        "vm:rebooted",
                        "vm:shutdown",
                        "vm:deleted",
                        "vmm:shutdown");
    }

    private void addNet(Fd tap) {
        String body = "{\"id\":\"net_0\",\"mac\":\"52:54:00:aa:bb:cc\"}";
        try (Wire monitor = connect(ANSWER_MILLIS)) {
            monitor.send(
                    "PUT /api/v1/vm.add-net HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: " + body.length() + "\r\n\r\n" + body,
                    tap);
            assertThat(monitor.receive()).matches("HTTP/1\\.1 20[04] [\\s\\S]*\r\n\r\n.*");
        }
    }
}
