package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * The life of a sandbox as Kata Containers' runtime-rs has it, which differs from the Go driver's: one connection for all,
 * a request in several pieces, JSON for people and with nulls, and a daemon of the folder that has to say when it listens.
 */
@Timeout(120)
class KataRustTest {
    private static final long PATIENCE = 10_000;
    private static final String LISTENS = "Waiting for vhost-user socket connection";

    private static final String VM = """
        {
          "cpus": {
            "boot_vcpus": 1,
            "max_vcpus": 2,
            "topology": {
              "threads_per_core": 1,
              "cores_per_die": 2,
              "dies_per_package": 1,
              "packages": 1
            },
            "kvm_hyperv": false,
            "max_phys_bits": 46,
            "features": {
              "amx": false
            }
          },
          "memory": {
            "size": 67108864,
            "mergeable": false,
            "hotplug_method": "Acpi",
            "hotplug_size": 1073741824,
            "shared": true,
            "hugepages": false,
            "prefault": false
          },
          "payload": {
            "firmware": null,
            "kernel": "DIR/kernel",
            "cmdline": "reboot=k panic=1 systemd.unit=kata-containers.target",
            "initramfs": "DIR/initrd"
          },
          "rng": {
            "src": "/dev/urandom",
            "iommu": false
          },
          "fs": [
            {
              "tag": "kataShared",
              "socket": "DIR/virtiofsd.sock",
              "num_queues": 1,
              "queue_size": 1024,
              "id": null,
              "pci_segment": 0
            }
          ],
          "serial": {
            "file": null,
            "mode": "Tty",
            "iommu": false
          },
          "console": {
            "file": null,
            "mode": "Off",
            "iommu": false
          },
          "vsock": {
            "cid": 3,
            "socket": "DIR/ch-vm.sock",
            "iommu": false,
            "id": null,
            "pci_segment": 0
          },
          "iommu": false,
          "watchdog": false
        }\
        """;
    private static final String DISK = "{\"path\":\"DIR/volume\",\"readonly\":false,\"direct\":false,\"iommu\":false,"
            + "\"num_queues\":1,\"queue_size\":128,\"vhost_user\":false,\"vhost_socket\":null,"
            + "\"rate_limiter_config\":null,\"id\":null,\"disable_io_uring\":false,\"pci_segment\":0}";
    private static final String NET = "{\"ip\":\"192.168.249.1\",\"mask\":\"255.255.255.0\","
            + "\"mac\":\"02:00:ca:fe:00:01\",\"iommu\":false,\"num_queues\":4,\"queue_size\":256,\"vhost_user\":false,"
            + "\"vhost_mode\":\"Client\"}";

    @TempDir
    Path directory;

    private Process virtiofsd;
    private Process vmm;
    private Wire api;

    @BeforeEach
    void start() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        virtiofsd = Programs.start(
                directory,
                "virtiofsd",
                "vhost-user-fs",
                List.of(
                        "--socket-path",
                        directory.resolve("virtiofsd.sock").toString(),
                        "--shared-dir",
                        shared.toString(),
                        "--cache",
                        "auto",
                        "--sandbox",
                        "none",
                        "--seccomp",
                        "none",
                        "--inode-file-handles",
                        "prefer",
                        "--thread-pool-size=1",
                        "--announce-submounts"));
        await(() -> Files.readString(directory.resolve("virtiofsd.err")).contains(LISTENS));
        Path socket = directory.resolve("ch-api.sock");
        vmm = Programs.start(directory, "vmm", "cloud-hypervisor", List.of("--api-socket", socket.toString()));
        await(() -> {
            try {
                api = Wire.to(socket, PATIENCE);
                return true;
            } catch (ErrnoException _) {
                return false;
            }
        });
    }

    @AfterEach
    void end() throws Exception {
        if (vmm != null) {
            vmm.destroyForcibly().waitFor();
        }
        if (virtiofsd != null) {
            virtiofsd.destroyForcibly().waitFor();
        }
        if (api != null) {
            api.close();
        }
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private void await(Condition condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE);
        while (!condition.holds()) {
            assertThat(virtiofsd.isAlive())
                    .as(Files.readString(directory.resolve("virtiofsd.err")))
                    .isTrue();
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private Wire.Answer ask(String method, String endpoint, String body, Fd... fds) {
        api.send(method + " /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n", fds);
        if (!body.isEmpty()) {
            api.send("Content-Length: " + body.length() + "\r\n");
        }
        api.send("\r\n");
        return (body.isEmpty() ? api : api.send(body)).answer();
    }

    private void done(String endpoint, String body, Fd... fds) {
        assertThat(ask("PUT", endpoint, body, fds)).as(endpoint).isEqualTo(new Wire.Answer(204, ""));
    }

    private String here(String json) {
        return json.replace("DIR", directory.toString());
    }

    @Test
    void aSandboxLivesAndEnds() throws Exception {
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        Files.write(directory.resolve("kernel"), TinyKernel.halting());
        Files.write(directory.resolve("initrd"), new byte[4096]);
        Files.write(directory.resolve("volume"), new byte[1 << 20]);
        assertThat(ask("GET", "vmm.ping", "").body()).contains("\"features\":[");
        done("vm.create", here(VM));
        try (Tap first = Tap.open(Linux.system(), "", true);
                Tap second = Tap.open(Linux.system(), first.name(), true)) {
            // two pairs of queues need two vCPUs, as with Cloud Hypervisor
            assertThat(ask("PUT", "vm.add-net", NET, first.fd(), second.fd()).body())
                    .contains("num_queues");
            done("vm.add-net", NET.replace("\"num_queues\":4", "\"num_queues\":2"), first.fd());
        }
        done("vm.boot", "");
        Wire.Answer disk = ask("PUT", "vm.add-disk", here(DISK));
        assertThat(disk.status()).as(disk.body()).isEqualTo(200);
        assertThat(disk.body()).matches("\\{\"id\":\"_disk0\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}");
        done("vm.remove-device", "{\"id\":\"_disk0\"}");
        assertThat(ask("PUT", "vmm.shutdown", "")).isEqualTo(new Wire.Answer(200, ""));
        assertThat(vmm.waitFor(PATIENCE, TimeUnit.MILLISECONDS)).isTrue();
        String said = Files.readString(directory.resolve("vmm.err"));
        assertThat(vmm.exitValue()).as(said).isZero();
        assertThat(said).as("what it always writes, features.amx for one").doesNotContain("not known");
    }
}
