package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** Two guests that name the same switch, with nothing else done for them. */
@OnKvmHost
class NamedSwitchTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Pattern GAP = Pattern.compile("back-end 2, after a gap of (\\d+) ms");
    private static final String NAME = "lan-" + ProcessHandle.current().pid();
    private static final int MIB = 1 << 20;
    private static final String SOME = "dd if=/dev/urandom bs=64k count=16 2>/dev/null";

    /** A connection that is used, survives the switch's death while it is quiet, and is used again. */
    @Test
    void connectionsOutliveTheSwitch(KvmHost host) {
        GuestSpec spec = GuestSpec.kernel("6.1").options("-v", "--net", "switch=" + NAME);
        try (Guest one = Guest.start(host, new Vmm.Ringfence(), spec)) {
            address(one.awaitReady(), "198.51.100.1");
            try (Guest two = Guest.start(host, new Vmm.Ringfence(), spec)) {
                address(two.awaitReady(), "198.51.100.2");
                two.text("ping -c 2 -W 20 198.51.100.1");
                talk(host, one, two);
            }
        } finally {
            daemons(host).forEach(pid -> host.run("kill", pid));
        }
    }

    private static void talk(KvmHost host, Guest one, Guest two) {
        one.text("cd /tmp; mkfifo quiet; nc -l -p 7000 <>quiet >got & until cat /proc/net/tcp* | grep -q ':1B58 0';"
                + " do usleep 100000; done");
        two.text("cd /tmp; mkfifo copy; (md5sum <copy >sent; echo >all-sent) & ((" + SOME
                + "; until [ -e go ]; do usleep 100000; done; " + SOME
                + ") | tee copy | nc 198.51.100.1 7000) >said 2>&1 &");
        awaitGot(one, MIB);
        List<String> first = daemons(host);
        assertThat(first).hasSize(1);
        host.run("kill", "-9", first.getFirst());
        two.text("touch /tmp/go");
        two.run("until [ -e /tmp/all-sent ]; do usleep 100000; done", LONG).orThrow();
        awaitGot(one, 2 * MIB);
        String sent = two.text("cut -c -32 /tmp/sent");
        assertThat(sent).hasSize(32);
        assertThat(one.text("md5sum </tmp/got | cut -c -32")).isEqualTo(sent);
        assertThat(daemons(host)).hasSize(1).doesNotContainAnyElementsOf(first);
        System.out.println(
                "counted: gaps of " + gap(one) + " and " + gap(two) + " ms when the switch of two guests was killed");

        assertThat(one.complaints()).isEmpty();
        assertThat(one.powerOff().status()).isZero();
        assertThat(daemons(host)).as("whoever has started it").hasSize(1);
        assertThat(two.complaints()).isEmpty();
        assertThat(two.powerOff().status()).isZero();
    }

    private static void awaitGot(Guest guest, int bytes) {
        guest.run("until [ $(stat -c %s /tmp/got) = " + bytes + " ]; do usleep 100000; done", LONG)
                .orThrow();
    }

    private static void address(Guest guest, String address) {
        guest.text("ip addr add " + address + "/24 dev eth0 && ip link set eth0 up");
    }

    private static int gap(Guest guest) {
        Matcher gap = GAP.matcher(guest.vmm().err().text());
        assertThat(gap.find()).as(guest.vmm().err().text()).isTrue();
        return Integer.parseInt(gap.group(1));
    }

    /** Process ids of whoever serves this switch. */
    private static List<String> daemons(KvmHost host) {
        return host.script(
                        "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/cmdline 2>/dev/null | grep -q"
                                + " \"^--socket-path=.*/switch/$1/socket$\" && echo ${p#/proc/}; done; true",
                        NAME)
                .text()
                .lines()
                .toList();
    }
}
