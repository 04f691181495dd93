package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** Our VMM with a folder that Debian's virtiofsd shares, the one of QEMU 7.2. */
@OnKvmHost
class VirtiofsdBehindOurGuestTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String PROGRAM = "/usr/lib/qemu/virtiofsd";
    private static final String SUM = "sha256sum | cut -c 1-64";

    /** The daemon ends when its front-end leaves, so a guest's reboot must not make that. */
    @Test
    void sharesAFolderAcrossAReboot(KvmHost host) {
        assumeThat(host.run(LONG, Command.of("test", "-x", PROGRAM)).status()).isZero();
        String folder = host.script(
                        "d=$(mktemp -d \"$1/virtiofsd-XXXXXX\"); mkdir $d/shared;"
                                + " dd if=/dev/urandom of=$d/shared/data bs=1M count=4 2>/dev/null; echo $d",
                        host.places().scratch())
                .text();
        String data = host.script("cat \"$1/shared/data\" | " + SUM, folder).text();
        String socket = folder + "/s";
        try (Program daemon = host.start(Command.of(
                PROGRAM,
                "--socket-path=" + socket,
                "-o",
                "source=" + folder + "/shared",
                "-o",
                "cache=auto",
                "-o",
                "sandbox=chroot"))) {
            host.script(
                    "n=0; while [ ! -S \"$1\" ]; do n=$((n+1)); [ $n -lt 300 ] || exit 1; usleep 100000; done", socket);
            GuestSpec spec = GuestSpec.kernel("6.1").cpus(2).options("--fs", "tag=share,socket=" + socket);
            try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
                guest.awaitReady();
                String read = "mkdir -p /mnt && mount -t virtiofs share /mnt && cat /mnt/data | " + SUM;
                assertThat(guest.text(read)).as("what the guest reads").isEqualTo(data);
                String sum = guest.text("dd if=/dev/urandom of=/mnt/made bs=64k count=32 2>/dev/null; sync;"
                        + " mv /mnt/made /mnt/moved; mkdir /mnt/folder; ln -s ../moved /mnt/folder/link;"
                        + " cat /mnt/folder/link | " + SUM);
                assertThat(host.script("cat \"$1/shared/folder/link\" | " + SUM, folder)
                                .text())
                        .as("what the host finds")
                        .isEqualTo(sum);
                guest.send("reboot -f");
                guest.awaitReady();
                assertThat(guest.text(read)).as("after a reboot").isEqualTo(data);
                assertThat(guest.text("cat /mnt/moved | " + SUM)).isEqualTo(sum);
                assertThat(daemon.isRunning()).as("the same daemon").isTrue();
                assertThat(guest.complaints()).isEmpty();
                assertThat(guest.powerOff().status()).isZero();
            }
            daemon.await(LONG);
        } finally {
            host.run("rm", "-rf", folder);
        }
    }
}
