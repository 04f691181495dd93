package ringfence.it.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.ConsoleTalk;
import ringfence.it.lab.Guest;
import ringfence.it.lab.L1Host;
import ringfence.it.lab.Program;

/**
 * A machine that Debian's systemd has booted, on which the package is installed: a Debian guest uses a disk, a card and a
 * folder that are units, and sees no error whatever becomes of these.
 */
@Timeout(900)
class GuestUnitsTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int LAST = 16;
    private static final String PACKAGES = "/opt/packages";
    private static final String VM = "ringfence@vm1.service";
    private static final List<String> KINDS = List.of("blk", "net", "fs");

    /**
     * The host's part of docs/systemd.md; by iproute2's ip, as busybox's, which its shell prefers, knows no taps. What udev does
     * elsewhere, which is not there: who has a tap's name may open it.
     */
    private static final String CONFIGURE = """
        set -e
        [ -c /dev/net/tun ] || modprobe tun
        chmod 666 /dev/net/tun
        /bin/ip tuntap add dev vm1 mode tap multi_queue group ringfence
        ip addr add 192.0.2.1/30 dev vm1
        ip link set vm1 up
        truncate -s 16M /var/lib/ringfence/vm1.img
        chgrp ringfence /var/lib/ringfence/vm1.img
        chmod 660 /var/lib/ringfence/vm1.img
        mkdir -p /srv/vm1
        chown ringfence-fs /srv/vm1
        echo OPTIONS=--blk-file=/var/lib/ringfence/vm1.img >/etc/ringfence/blk/vm1.conf
        echo OPTIONS=--backend=tap=vm1 >/etc/ringfence/net/vm1.conf
        echo OPTIONS=--shared-dir=/srv/vm1 >/etc/ringfence/fs/vm1.conf
        mkdir -p /etc/systemd/system/ringfence@.service.d
        printf '[Service]\\nWatchdogSec=10\\n' >/etc/systemd/system/ringfence@.service.d/sooner.conf
        systemctl daemon-reload
        """;

    private static final String MACHINE = """
        {"payload": {"kernel": "KERNEL", "initramfs": "INITRAMFS",
                     "cmdline": "console=ttyS0 panic=-1 quiet mitigations=off guest=agent"},
         "memory": {"size": 536870912},
         "disks": [{"vhost_user": true, "vhost_socket": "/run/ringfence/blk/vm1.sock"}],
         "net": [{"vhost_user": true, "vhost_socket": "/run/ringfence/net/vm1.sock"}],
         "fs": [{"tag": "work", "socket": "/run/ringfence/fs/vm1.sock"}],
         "serial": {"mode": "Socket", "socket": "/run/ringfence-vm/vm1/serial"}, "console": {"mode": "Off"}}
        """;

    private static final String NETWORK = """
        n=0
        until [ -e /sys/class/net/eth0 ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done
        ip addr add 192.0.2.2/30 dev eth0 && ip link set eth0 up && ping -c 1 -W 20 192.0.2.1 || exit 1
        """;
    private static final String FOLDER = "mkdir -p /m && mount -t virtiofs work /m || exit 1\n";

    /** Stamped writes to the disk, lines over one connection, and a file without a name in the folder. */
    private static final List<String> LOADS =
            List.of("(stamp /dev/vda 86400 4 1; echo stamped $?) >/dev/console 2>&1 &", NETWORK + """
                (n=0; while sleep 0.1; do n=$((n + 1)); echo $n; done | nc 192.0.2.1 7777; echo connection ended) \
                    >/dev/console 2>&1 &
                """, FOLDER + """
                    (exec 9>/m/kept && rm /m/kept && while sleep 0.1; do echo . >&9 || echo folder failed; done) \
                        >/dev/console 2>&1 &
                    """);

    /** Waits until each unit has another process than that one. */
    private static final String REPLACED = """
        for unit in blk net fs; do
            until pid=$(systemctl show --value --property=MainPID ringfence-$unit@vm1.service) && [ $pid != 0 ] &&
                [ $pid != "$1" ]; do sleep 0.2; done
            shift
        done
        """;

    /** Waits until another process than that one is the VM's, and its guest runs. */
    private static final String STARTED_ANEW = """
        until pid=$(systemctl show --value --property=MainPID $1) && [ $pid != 0 ] && [ $pid != $2 ] &&
            [ "$(systemctl show --value --property=StatusText $1)" = "the guest runs" ]; do sleep 0.2; done
        """;

    @TempDir
    private static Path packages;

    private L1Host host;
    private Guest guest;
    private Program received;

    @Test
    void aGuestSeesNoErrorWhateverBecomesOfItsDevicesUnits() throws Exception {
        Path deb = Files.copy(Package.make(), packages.resolve("first.deb"));
        Package.makeNext(deb, packages.resolve("next.deb"));
        try (L1Host booted = L1Host.bootWithSystemd(Checkout.find(), "6.1", packages, PACKAGES)) {
            host = booted;
            install("first.deb");
            host.script(CONFIGURE);
            startVm();
            try (Program console = host.start(ConsoleTalk.command(host, "/run/ringfence-vm/vm1/serial"));
                    Program listener = host.start(Command.of("nc", "-l", "-p", "7777"))) {
                received = listener;
                guest = Guest.of(host, console).awaitReady();
                LOADS.forEach(load -> guest.run(load).orThrow());
                everyDeviceWorks();
                String vm = property(VM, "MainPID");
                killed();
                stopped();
                restarted();
                upgraded();
                assertThat(property(VM, "MainPID")).isEqualTo(vm);
                theGuestHasLostNothing();
                theJournalOfTheVmTells();
            }
            theVmStartsAnewOnTheSameDevices();
        }
    }

    /** Its own unit dies, hangs and is restarted: the guest boots again, and its devices' units have not noticed. */
    private void theVmStartsAnewOnTheSameDevices() {
        List<String> devices = ofEach("MainPID");
        onItsConsole(signalled("KILL"), this::everyDeviceIsThere);
        String third = onItsConsole(signalled("STOP"), () -> {
            everyDeviceIsThere();
            assertThat(property(VM, "NRestarts")).isEqualTo("2");
            assertThat(journal(VM)).contains("code=killed, status=9/KILL", "Watchdog timeout (limit 10s)!");
            host.run("systemctl", "restart", "--no-block", VM).orThrow(); // presses the power button
            assertThat(guest.powerOff().status()).isZero(); // as a guest's acpid does then
        });
        onItsConsole(third, () -> {
            everyDeviceIsThere();
            assertThat(ofEach("MainPID")).isEqualTo(devices);
            assertThat(guest.powerOff().status()).isZero();
        });
        host.script("while systemctl --quiet is-active $1; do sleep 0.2; done", VM);
        assertThat(property(VM, "Result")).isEqualTo("success");
    }

    /** @return the process that has got it */
    private String signalled(String signal) {
        String before = property(VM, "MainPID");
        host.run("systemctl", "kill", "--kill-whom=main", "--signal=" + signal, VM)
                .orThrow();
        return before;
    }

    /** @param before the process that is the VM's no more, or is about to end @return the one that is */
    private String onItsConsole(String before, Runnable then) {
        host.run(LONG, Command.script(STARTED_ANEW, VM, before)).orThrow();
        String now = property(VM, "MainPID");
        try (Program console = host.start(ConsoleTalk.command(host, "/run/ringfence-vm/vm1/serial"))) {
            guest = Guest.of(host, console).awaitReady();
            then.run();
        }
        return now;
    }

    private void everyDeviceIsThere() {
        guest.run("dd if=/dev/vda of=/dev/null bs=1M || exit 1\n" + NETWORK + FOLDER + "echo alive >/m/alive", LONG)
                .orThrow();
    }

    private void install(String deb) {
        host.run(LONG, Command.of("dpkg", "--install", PACKAGES + "/" + deb)).orThrow();
    }

    private void startVm() {
        String machine = MACHINE.replace("KERNEL", host.places().kernel("6.1", "vmlinux"))
                .replace("INITRAMFS", host.places().kernel("6.1", "initramfs"));
        host.write("/etc/ringfence/vm/vm1.json", machine.getBytes(StandardCharsets.US_ASCII));
        host.run(Command.of("systemctl", "start").with(units("socket")).words().toArray(String[]::new));
        host.run(LONG, Command.of("systemctl", "start", VM)).orThrow();
        assertThat(property(VM, "StatusText")).isEqualTo("the guest runs");
    }

    /** Of all three: dies of SIGKILL, and systemd starts it again. */
    private void killed() {
        replaced("kill", "--signal=KILL");
        told("1", "code=killed, status=9/KILL", "Scheduled restart job, restart counter is at 1.");
    }

    /** It hangs: its watchdog bites. */
    private void stopped() {
        replaced("kill", "--signal=STOP");
        told("2", "Watchdog timeout (limit 10s)!", "Failed with result 'watchdog'.");
    }

    private void restarted() {
        replaced("restart");
    }

    /** The new package leaves alone what runs; what is restarted is of it. */
    private void upgraded() {
        List<String> before = ofEach("MainPID");
        install("next.deb");
        assertThat(host.run("dpkg-query", "--show", "ringfence").text()).endsWith("+next");
        assertThat(ofEach("MainPID")).isEqualTo(before);
        assertThat(before).allMatch(this::isOfAPackageThatHasGone);
        replaced("restart");
        assertThat(ofEach("MainPID")).noneMatch(this::isOfAPackageThatHasGone);
    }

    private boolean isOfAPackageThatHasGone(String pid) {
        return host.run("readlink", "/proc/" + pid + "/exe").text().endsWith(" (deleted)");
    }

    private void replaced(String... how) {
        List<String> before = ofEach("MainPID");
        host.run(LONG, Command.of("systemctl").with(how).with(units("service"))).orThrow();
        host.run(LONG, Command.script(REPLACED, before.toArray(String[]::new))).orThrow();
        everyDeviceWorks();
    }

    private void everyDeviceWorks() {
        int from = guest.console().length();
        int line = received.out().length();
        // the first of these seconds may have begun before
        for (int second = 0; second < 2; second++) {
            from = guest.console()
                    .await(from, "^stamp: second \\d+, [1-9]\\d* writes\\s*$", LONG)
                    .end();
        }
        received.out().await(line, "^\\d+$", LONG);
        guest.run("echo alive >/m/alive && rm /m/alive", LONG).orThrow();
        assertThat(ofEach("StatusText"))
                .containsExactly("serving /var/lib/ringfence/vm1.img", "serving tap=vm1", "sharing /srv/vm1");
    }

    /** What systemd says of each. @param restarts how often it has started it again by itself */
    private void told(String restarts, String... lines) {
        for (String unit : units("service")) {
            assertThat(property(unit, "NRestarts")).as(() -> end(journal(unit))).isEqualTo(restarts);
        }
        for (String unit : units("service")) {
            assertThat(journal(unit)).as(unit).contains(lines);
            assertThat(host.run("systemctl", "--no-pager", "status", unit).text())
                    .contains("active (running)");
        }
    }

    private void theGuestHasLostNothing() {
        int from = guest.console().length();
        guest.run("kill -TERM $(pidof stamp)").orThrow();
        MatchResult result =
                guest.console().await(from, "^(stamp: writes=(\\d+) .*errors=(\\d+))\\s+^stamped (\\d+)", LONG);
        System.out.println(
                "counted: a guest on units that are killed, hang, are restarted and upgraded, " + result.group(1));
        assertThat(result.group(3)).as(guest.console().text()).isEqualTo("0");
        assertThat(result.group(4)).isEqualTo("0");
        assertThat(guest.console().text()).doesNotContain("folder failed", "connection ended");
        assertThat(guest.complaints()).isEmpty();
        String lines = received.out().text();
        List<String> whole = lines.substring(0, lines.lastIndexOf('\n')).lines().toList();
        assertThat(whole)
                .isEqualTo(IntStream.rangeClosed(1, whole.size())
                        .mapToObj(Integer::toString)
                        .toList());
    }

    private void theJournalOfTheVmTells() {
        assertThat(host.run(
                                "journalctl",
                                "--no-pager",
                                "--unit=" + VM,
                                "--priority=warning",
                                "RINGFENCE_COMPONENT=device")
                        .text())
                .contains("completes nothing, and requests wait: the VMM has not started it");
        String events = host.run(
                        LONG,
                        Command.of("/usr/bin/ringfence", "events", "--store=/var/lib/ringfence-journal")
                                .with("--rings=/run/ringfence-vms/ringfence/journal"))
                .orThrow()
                .text();
        for (String device : List.of("_disk0", "_net0", "_fs0")) {
            assertThat(events.lines()
                            .filter(event -> event.contains("\"device-reconnected\"") && event.contains(device)))
                    .as(events)
                    .hasSize(4);
        }
    }

    private String journal(String unit) {
        return host.run("journalctl", "--no-pager", "--unit=" + unit).text();
    }

    /** Its last lines: a report's first ones are what is read of it. */
    private static String end(String journal) {
        List<String> lines = journal.lines().toList();
        return "\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST), lines.size()));
    }

    private static List<String> units(String type) {
        return KINDS.stream().map(kind -> "ringfence-" + kind + "@vm1." + type).toList();
    }

    private String property(String unit, String name) {
        return host.run("systemctl", "show", "--value", "--property=" + name, unit)
                .text();
    }

    private List<String> ofEach(String name) {
        return KINDS.stream()
                .map(kind -> property("ringfence-" + kind + "@vm1.service", name))
                .toList();
    }
}
