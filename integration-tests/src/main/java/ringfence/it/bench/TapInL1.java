package ringfence.it.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.KvmHosts;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/**
 * Two guests on one KVM host, one of our VMM with our network daemon, one of QEMU with the tap that QEMU serves itself.
 * Both cards have all offloads, so that segments of 64 KiB pass whole.
 */
final class TapInL1 {
    private static final int WARM_UP = 3;

    private TapInL1() {}

    static List<TapRow> run(int rounds, PrintStream out) {
        try (KvmHost host = KvmHosts.open(Checkout.find(), "6.1", 2)) {
            host.script("[ -c /dev/net/tun ] || modprobe tun");
            try (Guest ours = ringfence(host);
                    Guest theirs = qemu(host)) {
                ours.awaitReady();
                TapFlow.Contender one = TapFlow.Contender.ready(
                        TapRow.OURS, ours, new NetworkOf(host, ours.vmm().pid()), "198.51.100.1", "198.51.100.2");
                theirs.awaitReady();
                NetworkOf network = new NetworkOf(host, theirs.vmm().pid());
                command(network, "ip addr add 198.51.100.5/30 dev qemu0 && ip link set qemu0 up");
                TapFlow.Contender two =
                        TapFlow.Contender.ready(TapRow.THEIRS, theirs, network, "198.51.100.5", "198.51.100.6");
                return new TapFlow("in the lab", WARM_UP, rounds, out).run(List.of(one, two));
            }
        }
    }

    private static GuestSpec guest(String... options) {
        return GuestSpec.kernel("6.1").withIperf().options(options);
    }

    private static Guest ringfence(KvmHost host) {
        String card = "tap=ringfence0,ip=198.51.100.1,mask=255.255.255.252,mac=52:54:00:00:00:01";
        return Guest.of(host, host.start(NetworkOf.alone(new Vmm.Ringfence().command(host, guest("--net", card)))));
    }

    private static Guest qemu(KvmHost host) {
        GuestSpec spec = guest(
                "-netdev",
                "tap,id=n,ifname=qemu0,script=no,downscript=no",
                "-device",
                "virtio-net-pci,romfile=,netdev=n,mac=52:54:00:00:00:02");
        return Guest.of(host, host.start(NetworkOf.alone(new Vmm.Qemu("q35").command(host, spec))));
    }

    /** What a network's host does. */
    static void command(NetworkOf network, String script) {
        try (Program program = network.start(Command.script(script))) {
            program.await(Duration.ofMinutes(1)).orThrow();
        }
    }
}
