package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.it.fault.DaemonCommand;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.RootDisk;
import ringfence.it.lab.Vmm;

/** QEMU's guests (TCG, vhost-user-blk-pci) live on disks of our daemon. */
class QemuOnOurDiskTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String SYSLINUX = """
        DEFAULT linux
        LABEL linux
          KERNEL vmlinuz
          APPEND initrd=initrd console=ttyS0 panic=-1 quiet no_timer_check mitigations=off guest=agent
        """;

    @TempDir
    Path folder;

    private Process daemon(String image, String socket, String... options) throws Exception {
        List<String> command = new ArrayList<>(DaemonCommand.program());
        command.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image));
        command.addAll(List.of(options));
        Process daemon = new ProcessBuilder(command).inheritIO().start();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!Files.exists(Path.of(socket))) {
            assertThat(daemon.isAlive() && System.nanoTime() < deadline).isTrue();
            Thread.sleep(5);
        }
        return daemon;
    }

    private static String[] disk(String socket) {
        return new String[] {
            "-chardev",
            "socket,id=c0,path=" + socket,
            "-device",
            "vhost-user-blk-pci,chardev=c0,num-queues=2,bootindex=1"
        };
    }

    /** A machine that has nothing to boot from but that disk. */
    private static Command qemu(String socket) {
        return Vmm.EmulatedQemu.machine(2, 512).with(disk(socket));
    }

    /** A Debian kernel mounts its root from our daemon, writes, syncs, and leaves a clean file system. */
    @ParameterizedTest
    @ValueSource(strings = {"6.1", "6.12"})
    void aDebianKernelRunsFromIt(String kernel) throws Exception {
        String socket = folder.resolve("s").toString();
        try (KvmHost host = new LocalHost(Checkout.find());
                RootDisk disk = RootDisk.make(host, "root.img", 256)) {
            Process daemon = daemon(disk.path(), socket, "--num-queues=2");
            try {
                String written;
                GuestSpec spec = GuestSpec.kernel(kernel)
                        .format("vmlinuz")
                        .cpus(2)
                        .commandLine("root=/dev/vda rw")
                        .options(disk(socket));
                try (Guest guest = Guest.start(host, new Vmm.EmulatedQemu(), spec)) {
                    guest.console().await(0, "^guest: ready\\s*$", LONG);
                    guest.run("dd if=/dev/urandom of=/root/data bs=1M count=32 2>/dev/null; sync", LONG)
                            .orThrow();
                    written = guest.run("sha256sum /root/data | cut -d ' ' -f 1", LONG)
                            .orThrow()
                            .text();
                    assertThat(guest.run("cat /sys/block/vda/queue/write_cache", LONG)
                                    .orThrow()
                                    .text())
                            .isEqualTo("write back");
                    guest.powerOff().orThrow();
                }
                disk.check();
                assertThat(disk.sha256("/root/data")).isEqualTo(written);
            } finally {
                daemon.destroy();
                assertThat(daemon.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(daemon.exitValue()).isZero();
        }
    }

    /**
     * SeaBIOS boots from it: it sets up one queue of two, reads the boot sector through it, and serves the boot sector's
     * own int 13h, which fetches a far sector and prints it.
     */
    @Test
    void seaBiosBootsFromIt() throws Exception {
        String words = "read by SeaBIOS from a disk in another process\n";
        ByteBuffer disk = ByteBuffer.allocate(4 << 20).order(ByteOrder.LITTLE_ENDIAN);
        // xor ax,ax; mov ds,ax; cld; mov si,7c30; mov ah,42; int 13; jc fail; mov si,7e00
        // next: lodsb; test al,al; jz done; mov dx,3f8; out dx,al; jmp next
        // done: mov dx,f4; mov al,10; out dx,al; fail: hlt; jmp fail
        disk.put(HexFormat.of().parseHex("31c08ed8fcbe307cb442cd137214be007eac84c07406baf803eeebf5baf400b010eef4ebfd"));
        // disk address packet: 16 bytes, 1 sector, to 0000:7e00, from sector 4000
        disk.position(0x30)
                .putShort((short) 16)
                .putShort((short) 1)
                .putInt(0x7e00)
                .putLong(4000);
        disk.position(510).putShort((short) 0xaa55);
        disk.position(4000 * 512).put(words.getBytes(StandardCharsets.US_ASCII));
        Path image = Files.write(folder.resolve("boot.img"), disk.array());
        String socket = folder.resolve("s").toString();
        Process daemon = daemon(image.toString(), socket, "--num-queues=2", "--direct");
        try (KvmHost host = new LocalHost(Checkout.find())) {
            var outcome = host.run(LONG, qemu(socket).with("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"));
            assertThat(outcome.out()).contains(words.strip());
            assertThat(outcome.status()).isEqualTo(0x10 << 1 | 1);
        } finally {
            daemon.destroy();
            daemon.waitFor();
        }
    }

    /**
     * SeaBIOS, and SYSLINUX by its int 13h, read a Debian kernel from a FAT file system on it, without any help from QEMU.
     * The kernel then reads the whole disk.
     */
    @Test
    void seaBiosBootsADebianKernelFromIt() throws Exception {
        String socket = folder.resolve("s").toString();
        Path image = folder.resolve("boot.img");
        try (KvmHost host = new LocalHost(Checkout.find())) {
            Files.writeString(folder.resolve("syslinux.cfg"), SYSLINUX);
            host.script(
                    "set -e; mformat -C -i \"$1\" -T 65536 -h 16 -s 32 ::; mcopy -i \"$1\" \"$2\" ::vmlinuz;"
                            + " mcopy -i \"$1\" \"$3\" ::initrd; mcopy -i \"$1\" \"$4\" ::syslinux.cfg;"
                            + " syslinux --install \"$1\"",
                    image.toString(),
                    host.places().kernel("6.1", "vmlinuz"),
                    host.places().kernel("6.1", "initramfs"),
                    folder.resolve("syslinux.cfg").toString());
            Process daemon = daemon(image.toString(), socket, "--num-queues=2");
            try (Guest guest = Guest.of(host, host.start(qemu(socket)))) {
                guest.console().await(0, "^guest: ready\\s*$", LONG);
                assertThat(guest.run("cat /proc/cmdline", LONG).text()).contains("BOOT_IMAGE=vmlinuz ");
                assertThat(guest.run("sha256sum /dev/vda | cut -d ' ' -f 1", LONG)
                                .text())
                        .isEqualTo(HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image))));
                guest.powerOff().orThrow();
            } finally {
                daemon.destroy();
                daemon.waitFor();
            }
        }
    }
}
