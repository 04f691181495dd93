package ringfence.it.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The framework against a VMM that is known to work: what fails here is the lab, not Ringfence. */
@OnKvmHost
class GuestTest {
    @Test
    void runsScriptsOnItsRootDiskAndPowersOff(KvmHost host) {
        try (RootDisk disk = RootDisk.make(host, "guest-test.img", 256);
                Guest guest = Guest.start(
                        host, new Vmm.Qemu("q35"), GuestSpec.kernel("6.1").disk(GuestDisk.image(disk.path())))) {
            guest.awaitReady();
            assertThat(guest.text("stat -f -c %T /")).isEqualTo("ext2/ext3");
            Outcome outcome = guest.run("echo \"some text\"; exit 9");
            assertThat(outcome.text()).isEqualTo("some text");
            assertThat(outcome.status()).isEqualTo(9);
            String sum = guest.text("head -c 3000000 /dev/urandom >/root/noise; sha256sum /root/noise | cut -c 1-64");
            assertThat(guest.powerOff().status()).isZero();
            disk.check();
            assertThat(disk.sha256("/root/noise")).isEqualTo(sum);
        }
    }
}
