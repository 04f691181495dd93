package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** Folders that the VMM shares with a guest. */
@OnKvmHost
class SharedFolderTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final String SUM = "sha256sum | cut -c 1-64";

    /** Two folders, one of them read-only, and a reboot: the daemons stay. */
    @Test
    void theGuestAndItsHostSeeEachOthersFiles(KvmHost host) {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/share-XXXXXX\"); mkdir $d/both $d/fixed; chmod 755 $d;"
                                + " dd if=/dev/urandom of=$d/both/data bs=1M count=4 2>/dev/null;"
                                + " echo fixed >$d/fixed/file; ln -s file $d/fixed/link; echo $d",
                        host.places().scratch())
                .text();
        String data = host.script("cat \"$1/both/data\" | " + SUM, folder).text();
        GuestSpec spec = GuestSpec.kernel("6.12")
                .cpus(2)
                .options(
                        "--fs",
                        "tag=both,num_queues=2,path=" + folder + "/both",
                        "tag=fixed,readonly=on,pci_segment=1,path=" + folder + "/fixed")
                .options("--platform", "num_pci_segments=2");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            String mounted = "mkdir -p /a /b && mount -t virtiofs both /a && mount -t virtiofs fixed /b"
                    + " && cat /b/link && cat /a/data | " + SUM;
            assertThat(guest.text(mounted)).isEqualTo("fixed\n" + data);
            assertThat(guest.text("basename $(readlink /sys/bus/pci/devices/0001:00:00.0/driver)"))
                    .as("on the second PCI segment")
                    .isEqualTo("virtio-pci");
            assertThat(guest.text("touch /b/new 2>&1; mkdir /b/new 2>&1; rm /b/file 2>&1; cat /b/file"))
                    .contains("Read-only file system")
                    .endsWith("fixed");
            String sum = guest.text("cd /a; dd if=/dev/urandom of=made bs=64k count=32 2>/dev/null; sync;"
                    + " mv made moved; mkdir folder; ln -s ../moved folder/link; chown 1000:1001 moved;"
                    + " chmod 640 moved; cat folder/link | " + SUM);
            assertThat(host.script("cat \"$1/both/folder/link\" | " + SUM, folder)
                            .text())
                    .as("what the host finds")
                    .isEqualTo(sum);
            assertThat(host.script("stat -c %u:%g:%a \"$1/both/moved\"", folder).text())
                    .as("owner and mode are the guest's")
                    .isEqualTo("1000:1001:640");
            host.script("echo changed >\"$1/both/later\"; rm \"$1/both/moved\"", folder);
            assertThat(guest.text("sleep 2; cat /a/later; test ! -e /a/moved && echo gone"))
                    .isEqualTo("changed\ngone");
            String daemons = children(host, guest);
            guest.send("reboot -f");
            guest.awaitReady();
            assertThat(guest.text(mounted)).as("after a reboot").isEqualTo("fixed\n" + data);
            assertThat(children(host, guest)).as("the same daemons").isEqualTo(daemons);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private static String children(KvmHost host, Guest guest) {
        return host.script(
                        "grep -l \"^PPid:[[:space:]]*$1$\" /proc/[0-9]*/status 2>/dev/null; true",
                        Long.toString(guest.vmm().pid()))
                .text();
    }

    /** A tree of the host is all that the guest has: it boots, writes, and goes on when the daemon is killed. */
    @Test
    void aGuestRunsFromAFolder(KvmHost host) {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/root-XXXXXX\"); cp -a \"$2/root/.\" $d/; chmod 755 $d; echo $d",
                        host.places().scratch(),
                        host.places().guests())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .options("--fs", "tag=myfs,path=" + folder)
                .commandLine("root=myfs rootfstype=virtiofs rw");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            assertThat(guest.text("grep ' / ' /proc/mounts | tail -n 1")).startsWith("myfs / virtiofs rw");
            String sum = guest.text(
                    "dd if=/dev/urandom of=/root/data bs=64k count=16 2>/dev/null; sync; cat /root/data | " + SUM);
            host.run("kill", "-9", Daemons.await(host, guest, "none"));
            assertThat(guest.text("echo 3 >/proc/sys/vm/drop_caches; cat /root/data | " + SUM))
                    .isEqualTo(sum);
            guest.text("echo written >/etc/after");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
            assertThat(host.run(LONG, Command.script("cat \"$1/etc/after\"; cat \"$1/root/data\" | " + SUM, folder))
                            .text())
                    .isEqualTo("written\n" + sum);
        } finally {
            host.run("rm", "-rf", folder);
        }
    }
}
