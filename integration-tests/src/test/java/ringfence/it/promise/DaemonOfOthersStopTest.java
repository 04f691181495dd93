package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** A guest whose daemon is somebody else's, and is stopped by SIGSTOP. */
@OnKvmHost
class DaemonOfOthersStopTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final String LATE = "a device does not stop within 10 s: ";
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;

    /** It may still write to memory: so the guest waits, the VM lives, and no request waits with the guest. */
    @Test
    void aGuestBootsAgainWhenADaemonOfOthersGoesOn(KvmHost host) throws InterruptedException {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/stop-XXXXXX\"); truncate -s 16M $d/disk; echo $d",
                        host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .disk(GuestDisk.socket(folder + "/socket"))
                .commandLine("root=")
                .options("--api-socket", folder + "/api");
        Command daemon = Command.of(host.places().program("vhost-user-blk"))
                .with("--socket-path=" + folder + "/socket", "--blk-file=" + folder + "/disk");
        try (Program disk = host.start(daemon);
                Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            disk.signal(SIGSTOP);
            try (Program reboot = host.start(ctl(host, folder, "reboot"))) {
                guest.vmm().err().await(LATE + "the guest boots again when it has", LONG);
                Outcome refused = reboot.await(LONG);
                assertThat(refused.status()).isNotZero();
                assertThat(refused.err())
                        .contains(LATE + "the guest boots again when it has, or its daemon has ended")
                        .containsPattern("_disk0 has not stopped: its daemon is process [1-9]");
            }
            Outcome pause = host.run(LONG, ctl(host, folder, "pause"));
            assertThat(pause.status()).isNotZero();
            assertThat(pause.err()).contains("the guest is being reset: ask again when it runs", "_disk0");
            assertThat(host.run(LONG, ctl(host, folder, "info")).orThrow().text())
                    .contains("\"state\":\"Running\"");
            disk.signal(SIGCONT);
            guest.awaitReady();
            guest.run("dd if=/dev/vda of=/dev/null bs=1M count=1").orThrow();
            disk.signal(SIGSTOP);
            assertThat(host.run(LONG, ctl(host, folder, "shutdown")).status()).isZero();
            guest.vmm().err().await(LATE + "the VM ends without it", LONG);
            assertThat(host.run(LONG, ctl(host, folder, "info")).orThrow().text())
                    .contains("\"state\":\"Created\"");
            disk.signal(SIGCONT);
            assertThat(host.run(LONG, ctl(host, folder, "boot")).status()).isZero();
            guest.awaitReady();
            guest.run("dd if=/dev/vda of=/dev/null bs=1M count=1").orThrow();
            disk.signal(SIGSTOP);
            guest.run("dd if=/dev/vda of=/dev/null bs=1M count=1 skip=1 >/dev/null 2>&1 &")
                    .orThrow();
            guest.vmm().err().await("_disk0: .* completes nothing, and requests wait", LONG);
            try (Program reboot = host.start(ctl(host, folder, "reboot"))) {
                guest.vmm().err().await("a device does not respond: the guest boots again when it has", LONG);
                Outcome refused = reboot.await(LONG);
                assertThat(refused.status()).isNotZero();
                assertThat(refused.err()).containsPattern("_disk0 has not stopped: its daemon is process [1-9]");
            }
            try (Program reboot = host.start(ctl(host, folder, "reboot"))) {
                Thread.sleep(1000);
                host.run(LONG, ctl(host, folder, "shutdown-vmm"));
                assertThat(guest.awaitEnd().status()).isZero();
                assertThat(reboot.await(LONG).status())
                        .as("there is no other boot")
                        .isNotZero();
            }
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private static Command ctl(KvmHost host, String folder, String word) {
        return Command.of(host.places().program("ringfence")).with("ctl", "--api-socket", folder + "/api", word);
    }
}
