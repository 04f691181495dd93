package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** A guest whose daemons are upgraded while it uses them. */
@OnKvmHost
class UpgradeTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Map<String, String> DEVICES =
            Map.of("disk", "--blk-file=", "fs", "--shared-dir=", "net", "--backend=tap");

    /** Two trees whose daemons can be told from each other, and a link by which one of them is the installed one. */
    private static final String TREES = """
        [ -c /dev/net/tun ] || modprobe tun
        d=$(mktemp -d "$1/upgrade-XXXXXX"); truncate -s 16M $d/disk; mkdir $d/share
        for tree in one two; do
            mkdir $d/$tree; cp -R "$2/bin" $d/$tree/bin; ln -s "$2/lib" $d/$tree/lib
            sed -i "s|runtime/bin/[a-z-]*\\" |&-Dringfence.tree=$tree |" $d/$tree/bin/vhost-user-*
        done
        ln -s one $d/current
        echo $d\
        """;

    /** From one tree to the other, and back; the guest writes all the time, and has a file open that has no name. */
    @Test
    void theGuestSeesNoErrorFromOneBuildToTheNextAndBack(KvmHost host) {
        String folder = host.script(
                        TREES, host.places().scratch(), host.places().product())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .commandLine("root=")
                .options("--api-socket", folder + "/api")
                .options("--disk", "id=disk,path=" + folder + "/disk")
                .options("--fs", "id=fs,tag=x,path=" + folder + "/share")
                .options("--net", "id=net,tap=rfupgrade");
        Command usual = new Vmm.Ringfence().command(host, spec);
        List<String> words = new ArrayList<>(usual.words());
        words.set(0, folder + "/current/bin/cloud-hypervisor");
        try (Guest guest = Guest.of(host, host.start(new Command(words, usual.environment(), usual.directory())))) {
            guest.awaitReady();
            guest.run("(stamp /dev/vda 86400 4 1; echo stamped $?) >/dev/console 2>&1 &")
                    .orThrow();
            guest.run("mkdir -p /m && mount -t virtiofs x /m && (exec 9>/m/kept && rm /m/kept && while sleep 0.1;"
                            + " do echo . >&9 || echo folder failed; done) >/dev/console 2>&1 &")
                    .orThrow();
            guest.console().await(0, "^stamp: second \\d+, [1-9]\\d* writes\\s*$", LONG);
            for (String tree : List.of("two", "one")) {
                host.run("ln", "-sfn", tree, folder + "/current");
                DEVICES.forEach((device, option) -> upgraded(host, guest, folder, tree, device, option));
            }
            int from = guest.console().length();
            guest.console().await(from, "^stamp: second \\d+, [1-9]\\d* writes\\s*$", LONG);
            guest.run("kill -TERM $(pidof stamp)").orThrow();
            MatchResult result =
                    guest.console().await(from, "^stamp: writes=(\\d+) .*errors=(\\d+)\\s+^stamped (\\d+)", LONG);
            assertThat(result.group(2)).as(guest.console().text()).isEqualTo("0");
            assertThat(result.group(3)).isEqualTo("0");
            assertThat(guest.console().text()).doesNotContain("folder failed");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private static void upgraded(KvmHost host, Guest guest, String folder, String tree, String device, String option) {
        host.run(
                        LONG,
                        Command.of(folder + "/current/bin/ringfence")
                                .with("ctl", "--api-socket", folder + "/api", "upgrade-device", device))
                .orThrow();
        String daemons = host.script(
                        "for p in $(grep -l \"^PPid:[[:space:]]*$1$\" /proc/[0-9]*/status); do"
                                + " tr '\\0' ' ' <${p%/status}/cmdline; echo; done",
                        Long.toString(guest.vmm().pid()))
                .text();
        assertThat(daemons.lines().filter(line -> line.contains(option)))
                .as(daemons)
                .singleElement()
                .asString()
                .contains("-Dringfence.tree=" + tree + " ");
    }
}
