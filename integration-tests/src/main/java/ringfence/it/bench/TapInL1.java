package ringfence.it.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.Iperf;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.KvmHosts;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/**
 * Two guests on one KVM host, one of our VMM with our network daemon, one of QEMU with the tap that QEMU serves itself, in
 * turn: iperf3 between each and its host. Both cards have all offloads, so that segments of 64 KiB pass whole.
 */
final class TapInL1 {
    private static final int SECONDS = 5;

    private final int rounds;
    private final PrintStream out;
    private final Samples fromGuest = new Samples();
    private final Samples toGuest = new Samples();

    TapInL1(int rounds, PrintStream out) {
        this.rounds = rounds;
        this.out = out;
    }

    /** A guest with its way to the host. */
    private record Contender(String name, Guest guest, Iperf iperf) {}

    List<TapRow> run() {
        try (KvmHost host = KvmHosts.open(Checkout.find(), "6.1", 2)) {
            host.script("[ -c /dev/net/tun ] || modprobe tun");
            try (Guest ours = ringfence(host);
                    Guest theirs = qemu(host)) {
                ours.awaitReady();
                Contender one = ready(host, TapRow.OURS, ours, "198.51.100.1", "198.51.100.2");
                theirs.awaitReady();
                command(host, theirs, "ip addr add 198.51.100.5/30 dev qemu0 && ip link set qemu0 up");
                Contender two = ready(host, TapRow.THEIRS, theirs, "198.51.100.5", "198.51.100.6");
                measure(List.of(one, two));
            }
        }
        return Stream.of(
                        new TapRow("from the guest over a tap", fromGuest),
                        new TapRow("to the guest over a tap", toGuest))
                .toList();
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

    private static void command(KvmHost host, Guest guest, String script) {
        Command words = Command.script(script);
        try (Program program = new NetworkOf(host, guest.vmm().pid()).start(words)) {
            program.await(Duration.ofMinutes(1)).orThrow();
        }
    }

    private static Contender ready(KvmHost host, String name, Guest guest, String here, String there) {
        guest.text("ip addr add " + there + "/30 dev eth0 && ip link set eth0 up && ping -c 3 -W 10 " + here);
        return new Contender(
                name, guest, new Iperf(new NetworkOf(host, guest.vmm().pid()), guest, here));
    }

    private void measure(List<Contender> contenders) {
        for (int round = -1; round < rounds; round++) {
            for (int i = 0; i < contenders.size(); i++) {
                Contender contender = contenders.get((i + Math.max(0, round)) % contenders.size());
                double out = contender.iperf.rate(false, 1, SECONDS);
                double in = contender.iperf.rate(true, 1, SECONDS);
                this.out.printf(Locale.ROOT, "%s: from the guest %.1f Mbit/s, to it %.1f%n", contender.name, out, in);
                if (round >= 0) { // before that, Java is compiled
                    fromGuest.add(contender.name, out);
                    toGuest.add(contender.name, in);
                }
            }
        }
    }
}
