package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** A user without privileges but that of using KVM gives a guest a network. Root is needed to become that user. */
@OnKvmHost
class OurPasstTest {
    private static final Duration SOON = Duration.ofMinutes(1);
    private static final String NOBODY = "65534";
    private static final int PORT = 8080;

    /** A network with a way out, as passt wants one: what it gives to the guest is that interface's address and gateway. */
    private static final String NETWORK = "ip link set lo up && ip link add out0 type dummy"
            + " && ip addr add 198.51.100.2/24 dev out0 && ip link set out0 up"
            + " && ip route add default via 198.51.100.1 && exec \"$@\"";

    /** For busybox's udhcpc. */
    private static final String LEASE =
            "[ \"$1\" = bound ] || exit 0; ip addr add $ip/$mask dev $interface;" + " ip route add default via $router";

    /** The address comes by DHCP; the gateway's is the host's loopback, where a server has a page. */
    @Test
    void aUserWithoutPrivilegesHasANetworkForAGuest(KvmHost host) {
        assumeThat(host.run(SOON, Command.script("command -v passt")).status())
                .as("passt is installed")
                .isZero();
        String home = host.script(
                        "modprobe dummy 2>/dev/null; folder=$(mktemp -d \"$1/passt-XXXXXX\") && mkdir \"$folder/web\""
                                + " && head -c 300000 /dev/urandom >\"$folder/web/page\" && chown $2 \"$folder\""
                                + " && echo \"$folder\"",
                        host.places().scratch(),
                        NOBODY)
                .text();
        Command vmm = new Vmm.Ringfence().command(host, GuestSpec.kernel("6.1").options("--net", "passt=on"));
        Command user = user(host, home);
        assumeThat(host.run(SOON, user.with("test", "-x", vmm.words().getFirst()))
                        .status())
                .as("what is built is readable for everybody")
                .isZero();
        Command inNetwork = Command.script(NETWORK).with(user.words()).with(vmm.words());
        try (Guest guest = Guest.of(host, host.start(NetworkOf.alone(inNetwork)))) {
            guest.awaitReady();
            NetworkOf network = new NetworkOf(host, guest.vmm().pid());
            assertThat(users(host, guest))
                    .allSatisfy(line -> assertThat(line).endsWith(" " + NOBODY))
                    .anySatisfy(line -> assertThat(line).startsWith("vhost-user-net "))
                    .anySatisfy(line -> assertThat(line).startsWith("passt"));
            try (Program server = network.start(
                    Command.of("busybox", "httpd", "-f", "-p", "127.0.0.1:" + PORT, "-h", home + "/web"))) {
                network.awaitListener(PORT);
                guest.text("printf '#!/bin/sh\\n%s\\n' '" + LEASE
                        + "' >/tmp/lease && chmod 755 /tmp/lease && ip link set eth0 up"
                        + " && udhcpc -i eth0 -n -q -s /tmp/lease 2>&1");
                assertThat(guest.text("ip addr show dev eth0; ip route"))
                        .contains("inet 198.51.100.2/24", "default via 198.51.100.1");
                assertThat(guest.text("wget -q -O - http://198.51.100.1:" + PORT + "/page | md5sum"))
                        .isEqualTo(host.script("md5sum <\"$1/web/page\"", home).text());
                assertThat(server.isRunning()).isTrue();
            }
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", home);
        }
    }

    /** What makes a command that user's: no privilege, and of groups only the one that may use KVM. */
    private static Command user(KvmHost host, String home) {
        String group = host.run("stat", "-c", "%g", "/dev/kvm").text();
        return Command.of("/usr/bin/setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--groups=" + group)
                .with("env", "HOME=" + home, "XDG_RUNTIME_DIR=" + home);
    }

    /** The name and the real user of the VMM and its children, as the host sees them. */
    private static List<String> users(KvmHost host, Guest guest) {
        return host.script(
                        "for p in /proc/[0-9]*; do if [ ${p#/proc/} = $1 ] || grep -q \"^PPid:[[:space:]]*$1$\""
                                + " $p/status 2>/dev/null; then awk '/^Name:/ { name = $2 }"
                                + " /^Uid:/ { print name, $2 }' $p/status; fi; done",
                        Long.toString(guest.vmm().pid()))
                .text()
                .lines()
                .toList();
    }
}
