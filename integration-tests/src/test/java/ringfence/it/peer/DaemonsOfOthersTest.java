package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.RootDisk;
import ringfence.it.lab.Vmm;

/** Our VMM with a disk that somebody else's daemon serves. */
@OnKvmHost
class DaemonsOfOthersTest {
    /** It boots from there, writes, and leaves a clean image that holds what it wrote. */
    @Test
    void bootsFromQemuStorageDaemon(KvmHost host) {
        String socket = host.places().scratch() + "/qsd.sock";
        try (RootDisk disk = RootDisk.make(host, "qsd.img", 128);
                Program daemon = host.start(Command.of(
                        "qemu-storage-daemon",
                        "--blockdev",
                        "driver=file,node-name=file,filename=" + disk.path(),
                        "--export",
                        "type=vhost-user-blk,id=export,node-name=file,writable=on,addr.type=unix,addr.path="
                                + socket))) {
            host.script(
                    "n=0; while [ ! -S \"$1\" ]; do n=$((n+1)); [ $n -lt 300 ] || exit 1; usleep 100000; done", socket);
            String sum;
            try (Guest guest = Guest.start(
                    host, new Vmm.Ringfence(), GuestSpec.kernel("6.1").disk(GuestDisk.socket(socket)))) {
                guest.awaitReady();
                assertThat(guest.text("stat -f -c %T /")).isEqualTo("ext2/ext3");
                guest.run("dd if=/dev/urandom of=/root/data bs=1M count=8 2>/dev/null && sync")
                        .orThrow();
                sum = guest.text("sha256sum /root/data | cut -c 1-64");
                assertThat(guest.text("dmesg | grep -c 'I/O error'; true")).isEqualTo("0");
                guest.powerOff().orThrow();
            }
            assertThat(daemon.isRunning())
                    .as("the daemon outlives its front-end")
                    .isTrue();
            daemon.signal(15);
            daemon.await(Duration.ofSeconds(60)).orThrow();
            disk.check();
            assertThat(disk.sha256("/root/data")).isEqualTo(sum);
        }
    }
}
