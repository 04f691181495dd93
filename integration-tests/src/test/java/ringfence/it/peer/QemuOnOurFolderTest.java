package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Vmm;

/** QEMU's guests (TCG) work in a folder that our daemon shares. */
class QemuOnOurFolderTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int BYTES = 3_000_001;

    @TempDir
    Path folder;

    private Process daemon(String socket, Path shared) throws Exception {
        Process daemon = new ProcessBuilder(
                        Checkout.find().product().resolve("bin/vhost-user-fs").toString(),
                        "--socket-path=" + socket,
                        "--shared-dir=" + shared,
                        "--cache=auto")
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
                .options("-chardev", "socket,id=c0,path=" + socket)
                .options("-device", "vhost-user-fs-pci,chardev=c0,tag=share,queue-size=1024");
        return new Vmm.EmulatedQemu().command(host, spec);
    }

    private static String sum(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void aDebianGuestWorksInIt() throws Exception {
        String socket = folder.resolve("s").toString();
        Path shared = Files.createDirectory(folder.resolve("shared"));
        byte[] data = new byte[BYTES];
        new Random(1).nextBytes(data);
        Files.write(shared.resolve("data"), data);
        try (KvmHost host = new LocalHost(Checkout.find())) {
            Process daemon = daemon(socket, shared);
            try (Guest guest = Guest.of(host, host.start(qemu(host, socket)))) {
                guest.console().await(0, "^guest: ready\\s*$", LONG);
                guest.run("true", LONG); // what comes after it is seen
                assertThat(guest.text(
                                "mkdir -p /mnt && mount -t virtiofs share /mnt && sha256sum </mnt/data | cut -c 1-64"))
                        .isEqualTo(sum(data));
                String made = guest.text(
                        "cd /mnt; dd if=/dev/urandom of=made bs=100k count=20 2>/dev/null; mkdir -p a/b; mv made"
                                + " a/b/moved; ln -s b/moved a/link; sync; sha256sum <a/link | cut -c 1-64");
                assertThat(sum(Files.readAllBytes(shared.resolve("a/link")))).isEqualTo(made);
                assertThat(guest.run("cat /mnt/missing; rmdir /mnt/a; mkdir /mnt/a", LONG)
                                .text())
                        .contains("No such file or directory", "Directory not empty", "File exists");
                Files.write(shared.resolve("late"), "from the host\n".getBytes(StandardCharsets.UTF_8));
                assertThat(guest.text("sleep 2; cat /mnt/late; umount /mnt; mount -t virtiofs share /mnt; ls -1 /mnt"))
                        .isEqualTo("from the host\na\ndata\nlate");
                assertThat(guest.complaints()).isEmpty();
                guest.powerOff();
            } finally {
                daemon.destroy();
                assertThat(daemon.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(daemon.exitValue())
                    .as(Files.readString(folder.resolve("daemon.err")))
                    .isZero();
        }
    }
}
