package ringfence.it.bench;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/**
 * Two guests of QEMU on this machine, by emulation, so that no KVM is needed and Java runs as it does for users: one with
 * our network daemon, one with the tap that QEMU serves itself. The guests are the same but for that, and may be the limit of
 * both. Needs root, for taps in networks of their own.
 */
final class TapHere {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final int WARM_UP = 2;

    private TapHere() {}

    static List<TapRow> run(List<String> daemon, int rounds, Path folder, PrintStream out) {
        String socket = folder.resolve("tap.sock").toString();
        try (KvmHost host = new LocalHost(Checkout.find());
                Program served = host.start(NetworkOf.alone(Command.of()
                        .with(daemon)
                        .with("--socket-path=" + socket, "--backend=tap=ringfence0", "--ip=198.51.100.1/30", "-v")))) {
            served.err().await(0, "serving ringfence0", LONG);
            try (Guest ours = guest(host, "vhost-user,id=n,chardev=c", "-chardev", "socket,id=c,path=" + socket);
                    Guest theirs = guest(host, "tap,id=n,ifname=qemu0,script=no,downscript=no")) {
                NetworkOf network = new NetworkOf(host, theirs.vmm().pid());
                ours.console().await(0, "^guest: ready\\s*$", LONG);
                theirs.console().await(0, "^guest: ready\\s*$", LONG);
                TapInL1.command(network, "ip addr add 198.51.100.5/30 dev qemu0 && ip link set qemu0 up");
                return new TapFlow("on this machine", WARM_UP, rounds, out)
                        .run(List.of(
                                TapFlow.Contender.ready(
                                        TapRow.OURS,
                                        ours,
                                        new NetworkOf(host, served.pid()),
                                        "198.51.100.1",
                                        "198.51.100.2"),
                                TapFlow.Contender.ready(
                                        TapRow.THEIRS, theirs, network, "198.51.100.5", "198.51.100.6")));
            }
        }
    }

    private static Guest guest(KvmHost host, String netdev, String... more) {
        GuestSpec spec = GuestSpec.kernel("6.1")
                .format("vmlinuz")
                .withIperf()
                .memory(256)
                .options(more)
                // with TCG and MSI-X, QEMU 7.2 takes an irqfd that it does not have and ends by SIGSEGV
                .options("-netdev", netdev, "-device", "virtio-net-pci,romfile=,netdev=n,vectors=0");
        return Guest.of(host, host.start(NetworkOf.alone(new Vmm.EmulatedQemu().command(host, spec))));
    }
}
