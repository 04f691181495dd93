package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.RootDisk;
import ringfence.it.lab.Vmm;

/** Debian's kernels in our VMM, with a root disk that our daemon serves. */
@OnKvmHost
class OurGuestsTest {
    /** MiB that the guest writes; a soak writes more. */
    private static final int MIB = Integer.getInteger("ringfence.promise.mib", 64);

    private static final Duration WRITING = Duration.ofSeconds(30 + 2L * MIB);

    /** It goes on in the same daemon after a reboot, and leaves a clean image that holds what it wrote. */
    @ParameterizedTest
    @CsvSource({"6.1, vmlinux, 1, false"})
    void readsAndWritesItsRootDisk(String kernel, String format, int cpus, boolean reboot, KvmHost host) {
        try (RootDisk disk = RootDisk.make(host, "ours.img", 128 + 2 * MIB);
                Guest guest = Guest.start(
                        host,
                        new Vmm.Ringfence(),
                        GuestSpec.kernel(kernel).format(format).cpus(cpus).disk(GuestDisk.image(disk.path())))) {
            guest.awaitReady();
            assertThat(guest.text("stat -f -c %T /")).isEqualTo("ext2/ext3");
            assertThat(guest.text("grep -c ^processor /proc/cpuinfo")).isEqualTo(Integer.toString(cpus));
            assertThat(guest.text("uname -r")).startsWith(kernel + ".");
            assertThat(guest.text("sha256sum /sbin/init | cut -c 1-64")).isEqualTo(disk.sha256("/sbin/init"));
            guest.run("dd if=/dev/urandom of=/root/data bs=1M count=" + MIB + " 2>/dev/null && sync", WRITING)
                    .orThrow();
            String sum = guest.run("sha256sum /root/data | cut -c 1-64", WRITING)
                    .orThrow()
                    .text();
            if (reboot) {
                String daemon = Daemons.await(host, guest, "0");
                guest.send("mount -o remount,ro /; reboot -f");
                guest.awaitReady();
                assertThat(Daemons.await(host, guest, "0"))
                        .as("the daemon's process")
                        .isEqualTo(daemon);
            }
            assertThat(guest.run("echo 3 >/proc/sys/vm/drop_caches; sha256sum /root/data | cut -c 1-64", WRITING)
                            .orThrow()
                            .text())
                    .isEqualTo(sum);
            assertThat(guest.run("dmesg | grep -i 'Firmware Bug\\|I/O error'").text())
                    .as("complaints of the kernel")
                    .isEmpty();
            guest.powerOff().orThrow();
            disk.check();
            assertThat(disk.sha256("/root/data")).isEqualTo(sum);
        }
    }
}
