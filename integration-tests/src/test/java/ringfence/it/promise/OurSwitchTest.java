package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** Two guests of our VMM, each at a port of one daemon's switch: no tap, and no address of the host. */
@OnKvmHost
class OurSwitchTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final int MIB = 1;
    private static final int SIGTERM = 15;

    /** A guest and what it is called on the switch. */
    private record End(Guest guest, String address) {}

    /** They ping each other, send each other over TCP what arrives unchanged, and the daemon has counted that. */
    @Test
    void twoGuestsTalkToEachOther(KvmHost host) {
        String folder = host.script(
                        "mktemp -d \"$1/switch-XXXXXX\"", host.places().scratch())
                .text();
        try (Program daemon = daemon(host, folder);
                Guest first = start(host, folder, 1);
                Guest second = start(host, folder, 2)) {
            End one = up(first, 1);
            End two = up(second, 2);
            one.guest().text("ping -c 2 -W 10 " + two.address());
            two.guest().text("ping -c 2 -W 10 -s 1400 " + one.address());
            carry(one, two);
            carry(two, one);
            assertThat(counted(host, folder))
                    .allSatisfy(bytes -> assertThat(bytes).isGreaterThan((long) MIB << 20));
            for (End end : List.of(one, two)) {
                assertThat(end.guest().complaints()).isEmpty();
                assertThat(end.guest().powerOff().status()).isZero();
            }
            daemon.signal(SIGTERM);
            assertThat(daemon.await(LONG).status()).as(daemon.err().text()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** Starts the switch, and waits until both its sockets are there. */
    private static Program daemon(KvmHost host, String folder) {
        Program daemon = host.start(Command.of(host.places().program("vhost-user-net"))
                .with("--backend=switch", "--socket-path=" + folder + "/1", "--socket-path=" + folder + "/2")
                .with("--counters=" + folder + "/counters"));
        host.run(LONG, Command.script("until [ -S \"$1/1\" ] && [ -S \"$1/2\" ]; do sleep 0.1; done", folder))
                .orThrow();
        return daemon;
    }

    private static Guest start(KvmHost host, String folder, int number) {
        return Guest.start(
                host,
                new Vmm.Ringfence(),
                GuestSpec.kernel("6.1")
                        .options(
                                "--net",
                                "vhost_user=on,socket=" + folder + "/" + number + ",mac=52:54:00:12:36:0" + number));
    }

    private static End up(Guest guest, int number) {
        guest.awaitReady();
        String address = "198.51.100." + number;
        guest.text("ip addr add " + address + "/24 dev eth0 && ip link set eth0 up");
        return new End(guest, address);
    }

    /** Random bytes from one to the other. */
    private static void carry(End from, End to) {
        to.guest()
                .text("rm -f /tmp/quiet /tmp/got; mkfifo /tmp/quiet;"
                        + " (nc -l -p 7001 <>/tmp/quiet | md5sum >/tmp/sum; mv /tmp/sum /tmp/got) >/dev/null 2>&1 &"
                        + " until cat /proc/net/tcp* | grep -q ':1B59 0*:0000 0A'; do usleep 100000; done");
        long begin = System.nanoTime();
        String sent = from.guest()
                .run(
                        "rm -f /tmp/copy; mkfifo /tmp/copy; md5sum </tmp/copy >/tmp/sent &"
                                + " dd if=/dev/urandom bs=64k count=" + MIB * 16 + " 2>/dev/null | tee /tmp/copy | nc "
                                + to.address() + " 7001; wait; cat /tmp/sent",
                        LONG)
                .orThrow()
                .text();
        Outcome got = to.guest().run("until [ -e /tmp/got ]; do usleep 100000; done; cat /tmp/got", LONG);
        assertThat(got.text()).as("what %s got", to.address()).isEqualTo(sent).matches("[0-9a-f]{32} .*");
        System.out.printf(
                "counted: %d MiB from %s to %s through the switch in %d ms%n",
                MIB, from.address(), to.address(), (System.nanoTime() - begin) / 1_000_000);
    }

    /** What another process reads of the bytes that went by each of the switch's four queues, both ports' to and from. */
    private static List<Long> counted(KvmHost host, String folder) {
        String text = host.run(host.places().program("vhost-user-net"), "--show-counters=" + folder + "/counters")
                .text();
        Matcher bytes = Pattern.compile("^(net[01]\\S*) bytes +(\\d+)$", Pattern.MULTILINE)
                .matcher(text);
        List<Long> all =
                bytes.results().map(found -> Long.valueOf(found.group(2))).toList();
        assertThat(all).as(text).hasSize(4);
        return all;
    }
}
