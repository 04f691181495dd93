package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.HangProbe;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** A guest whose daemons are stopped by SIGSTOP, and go on. Alone, for it measures. */
@Isolated
@OnKvmHost
class DaemonStopTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Duration VERY_LONG = Duration.ofMinutes(15);
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final int STOPS = Integer.getInteger("ringfence.promise.stops", 5);

    /** Each is told of within two seconds, the API answers, and the guest, which writes all the time, sees no error. */
    @Test
    void eachIsToldOfInTimeAndTheGuestNoticesAPauseOnly(KvmHost host) {
        String folder = host.script(
                        "[ -c /dev/net/tun ] || modprobe tun; d=$(mktemp -d \"$1/stop-XXXXXX\"); truncate -s 16M"
                                + " $d/disk; mkdir $d/share; echo $d",
                        host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .commandLine("root=")
                .options("--api-socket", folder + "/api")
                .options("--disk", "id=disk,on_hang=report,path=" + folder + "/disk")
                .options("--fs", "id=fs,tag=x,on_hang=report,path=" + folder + "/share")
                .options("--net", "id=net,tap=rfstop,on_hang=report");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.run("(stamp /dev/vda 86400 4 1; echo stamped $?) >/dev/console 2>&1 &")
                    .orThrow();
            guest.console().await(0, "^stamp: second \\d+, [1-9]\\d* writes\\s*$", LONG);
            toldInTime(host, guest, folder, "disk", "--blk-file=");
            toldInTime(host, guest, folder, "fs", "--shared-dir=");
            toldInTime(host, guest, folder, "net", "--backend=tap");
            int from = guest.console().length();
            guest.run("kill -TERM $(pidof stamp)").orThrow();
            MatchResult result =
                    guest.console().await(from, "^stamp: writes=(\\d+) .*errors=(\\d+)\\s+^stamped (\\d+)", LONG);
            assertThat(Long.parseLong(result.group(1))).isPositive();
            assertThat(result.group(2)).as(guest.console().text()).isEqualTo("0");
            assertThat(result.group(3)).isEqualTo("0");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** It may still write to memory: so the guest waits, and the VM lives. */
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
                guest.vmm().err().await("a device does not stop within 10 s: the guest boots again when it has", LONG);
                assertThat(host.run(LONG, ctl(host, folder, "info")).orThrow().text())
                        .contains("\"state\":\"Running\"");
                disk.signal(SIGCONT);
                guest.awaitReady();
                assertThat(reboot.await(LONG).status()).isZero();
            }
            guest.run("dd if=/dev/vda of=/dev/null bs=1M count=1").orThrow();
            disk.signal(SIGSTOP);
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

    private static void toldInTime(KvmHost host, Guest guest, String folder, String device, String option) {
        String line = host.run(
                        VERY_LONG,
                        host.java(
                                HangProbe.class,
                                folder + "/api",
                                Long.toString(guest.vmm().pid()),
                                device,
                                option,
                                Integer.toString(STOPS)))
                .orThrow()
                .text();
        System.out.println("counted: " + line);
        Matcher figures = HangProbe.LINE.matcher(line);
        assertThat(figures.find()).as(line).isTrue();
        assertThat(Integer.parseInt(figures.group(1))).as(line).isLessThan(2000);
        assertThat(Integer.parseInt(figures.group(2))).as(line).isLessThan(100_000);
    }
}
