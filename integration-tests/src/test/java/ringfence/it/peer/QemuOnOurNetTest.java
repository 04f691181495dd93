package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.Transfer;
import ringfence.it.lab.Vmm;

/** QEMU's guests (TCG) reach the host through our network daemon. Needs root, for a tap in a network of its own. */
class QemuOnOurNetTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String TAP = "rfqemu0";
    private static final String HERE = "192.0.2.1";
    private static final int MIB = 8;

    @TempDir
    Path folder;

    private Process daemon(String socket) throws Exception {
        Process daemon = new ProcessBuilder(
                        "unshare",
                        "-n",
                        Checkout.find().product().resolve("bin/vhost-user-net").toString(),
                        "--socket-path=" + socket,
                        "--backend=tap=" + TAP,
                        "--ip=" + HERE + "/24",
                        "--queue-pairs=2",
                        "-v")
                .redirectError(folder.resolve("daemon.err").toFile())
                .start();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!Files.exists(Path.of(socket))) {
            assertThat(daemon.isAlive() && System.nanoTime() < deadline)
                    .as(Files.readString(folder.resolve("daemon.err")))
                    .isTrue();
            Thread.sleep(5);
        }
        return daemon;
    }

    private static Command qemu(KvmHost host, String socket) {
        GuestSpec spec = GuestSpec.kernel("6.12")
                .format("vmlinuz")
                .cpus(2)
                .options("-chardev", "socket,id=c0,path=" + socket, "-netdev", "vhost-user,id=n0,chardev=c0,queues=2")
                // with TCG and MSI-X, QEMU 7.2 takes an irqfd that it does not have and ends by SIGSEGV
                .options("-device", "virtio-net-pci,netdev=n0,mq=on,vectors=0,mac=52:54:00:12:34:56");
        return new Vmm.EmulatedQemu().command(host, spec);
    }

    /** Pings, and a transfer over TCP each way, with the segments that both kernels like to make. */
    @Test
    void aDebianGuestReachesTheHost() throws Exception {
        assumeThat(System.getProperty("user.name")).as("who makes taps").isEqualTo("root");
        String socket = folder.resolve("s").toString();
        try (KvmHost host = new LocalHost(Checkout.find())) {
            Process daemon = daemon(socket);
            try (Guest guest = Guest.of(host, host.start(qemu(host, socket)))) {
                guest.console().await(0, "^guest: ready\\s*$", LONG);
                guest.run("ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up", LONG)
                        .orThrow();
                guest.run("ping -c 3 -W 10 " + HERE, LONG).orThrow();
                guest.run("ping -c 3 -W 10 -s 1400 " + HERE, LONG).orThrow();
                Transfer transfer = new Transfer(new NetworkOf(host, daemon.pid()), guest, HERE, LONG);
                double out = transfer.toHost(MIB, "taskset 1") + transfer.toHost(MIB, "taskset 2");
                double in = transfer.toGuest(MIB, "");
                System.out.printf(
                        Locale.ROOT,
                        "counted: %d MiB each way under QEMU, from the guest %.1f MiB/s, to it %.1f MiB/s%n",
                        MIB,
                        2 * MIB / out,
                        MIB / in);
                assertThat(guest.complaints()).isEmpty();
                guest.powerOff();
            } finally {
                daemon.destroy();
                assertThat(daemon.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(daemon.exitValue()).isZero();
            assertThat(Files.readString(folder.resolve("daemon.err")))
                    .contains("serving " + TAP)
                    .containsPattern("queue 3 \\(from the guest\\): [1-9]")
                    .doesNotContain("dropped:");
        }
    }
}
