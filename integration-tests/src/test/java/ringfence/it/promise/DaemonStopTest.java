package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.HangProbe;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** A guest whose daemons are stopped by SIGSTOP, and go on. */
@OnKvmHost
class DaemonStopTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Duration VERY_LONG = Duration.ofMinutes(15);
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
        // an API that waited for the device would wait for seconds; RunningVmDaemonsTest has the bar, not under
        // emulation
        assertThat(Integer.parseInt(figures.group(3))).as(line).isLessThan(1_000_000);
    }
}
