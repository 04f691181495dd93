package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Vmm;

/**
 * A shared folder is a file system like any other: {@link FolderWork} in a guest of QEMU's, which is emulated, so that
 * the daemon runs on this machine itself.
 */
class FolderWorkTest {
    private static final Duration LONG = Duration.ofMinutes(3);

    @TempDir
    Path folder;

    private final List<Process> daemons = new ArrayList<>();

    private String daemon(String name, String shared, String... options) throws Exception {
        Path socket = folder.resolve(name + ".socket");
        List<String> words = new ArrayList<>(List.of("--socket-path=" + socket, "--shared-dir=" + shared));
        words.addAll(List.of(options));
        Process daemon = Programs.start(folder, name, "vhost-user-fs", words);
        daemons.add(daemon);
        long deadline = System.nanoTime() + LONG.toNanos();
        while (!Files.exists(socket)) {
            assertThat(daemon.isAlive() && System.nanoTime() < deadline)
                    .as(Files.readString(folder.resolve(name + ".err")))
                    .isTrue();
            Thread.sleep(5);
        }
        return socket.toString();
    }

    private Command qemu(KvmHost host, String... sockets) {
        GuestSpec spec = GuestSpec.kernel("6.12")
                .format("vmlinuz")
                .cpus(2)
                .options("-drive", "format=raw,if=virtio,file=" + folder.resolve("ext4"));
        for (int i = 0; i < sockets.length; i += 2) {
            spec = spec.options("-chardev", "socket,id=c" + i + ",path=" + sockets[i + 1])
                    .options("-device", "vhost-user-fs-pci,queue-size=1024,chardev=c" + i + ",tag=" + sockets[i]);
        }
        return new Vmm.EmulatedQemu().command(host, spec);
    }

    @Test
    void aGuestFindsTheFolderToBeAFileSystem() throws Exception {
        try (KvmHost host = new LocalHost(Checkout.find())) {
            String shared = Files.createDirectory(folder.resolve("shared")).toString();
            FolderTools.put(host, shared + "/bin", GuestProgram.POSIX, GuestProgram.FSX, GuestProgram.LOAD);
            host.script(
                    "truncate -s 64M \"$1\"; /usr/sbin/mke2fs -q -t ext4 -b 4096 -E root_owner=0:0 \"$1\"",
                    folder.resolve("ext4").toString());
            String both = daemon("both", shared, "--cache=auto");
            String tools = daemon("tools", Checkout.find().makeToolchain(), "--cache=always", "--readonly");
            try (Guest guest = Guest.of(host, host.start(qemu(host, "both", both, "toolchain", tools)))) {
                guest.console().await(0, "^guest: ready\\s*$", LONG);
                guest.run("mkdir /a && mount -t virtiofs both /a", LONG).orThrow();
                FolderTools.prepare(guest, "/a");
                new FolderWork(host, guest).all(Long.toString(daemons.getFirst().pid()));
                assertThat(guest.complaints()).isEmpty();
                guest.powerOff();
            } finally {
                daemons.forEach(Process::destroy);
            }
            for (Process daemon : daemons) {
                assertThat(daemon.waitFor()).isZero();
            }
        }
    }
}
