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
    private static final int MIB = Integer.getInteger("ringfence.promise.mib", 13);

    private static final Duration WRITING = Duration.ofSeconds(120 + 2L * MIB);
    private static final String SUM = "sha256sum | cut -c 1-64";

    /**
     * Each two of kernel, file of the kernel and processors meet. The guest goes on in the same daemon after a reboot,
     * and leaves a clean image that holds what it wrote.
     */
    @ParameterizedTest(name = "Linux {0}, {1}, vCPUs {2}, reboot {3}")
    @CsvSource({
        "6.1, vmlinux, 1, false",
        "6.1, vmlinuz, 2, false",
        "6.1, vmlinux, 4, false",
        "6.12, vmlinuz, 1, false",
        "6.12, vmlinux, 2, true",
        "6.12, vmlinuz, 4, false",
    })
    void readsAndWritesItsRootDisk(String kernel, String format, int cpus, boolean reboot, KvmHost host) {
        try (RootDisk disk = RootDisk.make(host, "ours.img", 128 + 2 * MIB);
                Guest guest = Guest.start(
                        host,
                        new Vmm.Ringfence(),
                        GuestSpec.kernel(kernel).format(format).cpus(cpus).disk(GuestDisk.image(disk.path())))) {
            guest.awaitReady();
            assertThat(guest.text(
                            "uname -r; grep -c ^processor /proc/cpuinfo; stat -f -c %T /; cat /sbin/init | " + SUM))
                    .matches("\\Q" + kernel + "\\E\\..*\n" + cpus + "\next2/ext3\n" + disk.sha256("/sbin/init"));
            String sum = guest.run(
                            "dd if=/dev/urandom bs=1M count=" + MIB + " 2>/dev/null | tee /root/data | " + SUM
                                    + "; sync",
                            WRITING)
                    .orThrow()
                    .text();
            if (reboot) {
                reboot(host, guest);
            }
            guest.run("echo 3 >/proc/sys/vm/drop_caches").orThrow();
            assertThat(guest.run("cat /root/data | " + SUM, WRITING).text())
                    .as("what the guest reads back")
                    .isEqualTo(sum);
            assertThat(guest.complaints()).isEmpty();
            guest.powerOff().orThrow();
            disk.check();
            assertThat(disk.sha256("/root/data")).as("what the image holds").isEqualTo(sum);
            System.out.printf(
                    "counted: Linux %s, %s, %d vCPUs%s: %d MiB written, read back, found in a clean image%n",
                    kernel, format, cpus, reboot ? ", a reboot in between" : "", MIB);
        }
    }

    private static void reboot(KvmHost host, Guest guest) {
        String daemon = Daemons.await(host, guest, "0");
        assertThat(guest.complaints()).isEmpty();
        guest.send("sync; mount -o remount,ro /; reboot -f");
        guest.awaitReady();
        assertThat(Daemons.await(host, guest, "0")).as("the daemon's process").isEqualTo(daemon);
    }
}
