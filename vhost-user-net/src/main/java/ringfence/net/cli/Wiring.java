package ringfence.net.cli;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ringfence.linux.ErrnoException;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.net.backend.TapPorts;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.NetOptions;
import ringfence.net.engine.Network;
import ringfence.net.engine.QueueCounters;
import ringfence.net.engine.TapNetwork;
import ringfence.net.fabric.Switch;
import ringfence.net.fabric.SwitchOptions;
import ringfence.net.stream.PasstNetwork;
import ringfence.telemetry.Counters;

/** What the devices are connected to, opened: a tap, passt or a switch, which it owns. */
final class Wiring implements AutoCloseable {
    private final List<Network> networks;
    private final Runnable onClose;

    private Wiring(List<Network> networks, Runnable onClose) {
        this.networks = networks;
        this.onClose = onClose;
    }

    /**
     * Opens it.
     *
     * @param succession who has been here before, and who keeps a tap for whoever comes next
     * @param log takes the name of a tap that the kernel has chosen
     * @param details takes what else there is to say
     * @param onLoss told, on a queue's thread, why what the devices are connected to has gone for good
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Wiring open(
            Linux linux,
            NetSpec spec,
            Succession succession,
            Counters counters,
            Consumer<String> log,
            Consumer<String> details,
            Consumer<String> onLoss) {
        return switch (spec.way()) {
            case NetSpec.ToTap(TapSpec tap) -> {
                int pairs = spec.seats().getFirst().options().pairs();
                TapPorts ports = tap(linux, spec, succession, tap, pairs, log, details);
                yield new Wiring(List.of(new TapNetwork(ports)), ports::close);
            }
            case NetSpec.ToPasst(String socket) -> {
                PasstNetwork passt = passt(linux, socket, spec.mtu(), onLoss);
                yield new Wiring(List.of(passt), passt::close);
            }
            case NetSpec.Switching way -> switching(linux, spec, succession, way, counters, log, details);
        };
    }

    private static Wiring switching(
            Linux linux,
            NetSpec spec,
            Succession succession,
            NetSpec.Switching way,
            Counters counters,
            Consumer<String> log,
            Consumer<String> details) {
        List<NetOptions> options =
                spec.seats().stream().map(NetSpec.Seat::options).toList();
        SwitchOptions asked = new SwitchOptions(
                options.getFirst().pairs(),
                options.stream()
                        .map(one -> way.bind() ? one.mac() : Optional.<MacAddress>empty())
                        .toList(),
                spec.mtu());
        Optional<Switch.UplinkTap> uplink = way.tap()
                .map(tap -> new Switch.UplinkTap(
                        uplink(linux, spec, succession, tap, log, details),
                        new QueueCounters(counters, "uplink", spec.queues())));
        Switch made = Switch.open(linux, asked, uplink, new SecureRandom().nextLong());
        details.accept("a switch with " + asked.guests() + " ports" + (uplink.isPresent() ? " and an uplink" : ""));
        return new Wiring(
                IntStream.range(0, asked.guests()).mapToObj(made::port).toList(), made::close);
    }

    private static PasstNetwork passt(Linux linux, String socket, OptionalInt mtu, Consumer<String> onLoss) {
        return socket.matches("fd=\\d{1,9}")
                ? PasstNetwork.adopt(linux, Integer.parseInt(socket.substring(3)), mtu, onLoss)
                : PasstNetwork.connect(linux, socket, mtu, onLoss);
    }

    /** What is said of a tap names the option that asks for it. */
    private static TapPorts uplink(
            Linux linux,
            NetSpec spec,
            Succession succession,
            TapSpec tap,
            Consumer<String> log,
            Consumer<String> details) {
        try {
            return tap(linux, spec, succession, tap, 1, log, details);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage().replace("--backend", "--uplink"), e);
        }
    }

    private static TapPorts tap(
            Linux linux,
            NetSpec spec,
            Succession succession,
            TapSpec tap,
            int pairs,
            Consumer<String> log,
            Consumer<String> details) {
        OptionalInt mtu = spec.mtu();
        List<String> left = succession.kept().names();
        TapPorts ports = TapPorts.open(linux, tap, pairs, mtu, succession.kept());
        try {
            if (!ports.inherited()) {
                left.forEach(succession.keeper()::drop);
                spec.host().set(new Interfaces(linux), ports.name());
                if (tap instanceof TapSpec.Named) { // whoever has handed in descriptors has them yet
                    keep(ports, succession, log);
                }
            }
        } catch (RuntimeException e) {
            ports.close();
            throw e;
        }
        boolean chosen = tap instanceof TapSpec.Named(String name) && !name.equals(ports.name());
        (chosen ? log : details)
                .accept((ports.inherited() ? "serving on " : "serving ") + ports.name() + ": " + ports.count()
                        + " queue pairs, mtu "
                        + (ports.mtu().isPresent() ? ports.mtu().getAsInt() : "unknown")
                        + (ports.uso() ? ", with UDP segmentation" : ""));
        return ports;
    }

    /** One that cannot be kept serves as well: it goes with this process. */
    private static void keep(TapPorts ports, Succession succession, Consumer<String> log) {
        try {
            ports.keepBy(succession.keeper());
        } catch (ErrnoException e) {
            log.accept(ports.name() + " is not kept for a successor: " + e.getMessage());
        }
    }

    /** What a device is connected to. */
    Network network(int seat) {
        return networks.get(seat);
    }

    @Override
    public void close() {
        onClose.run();
    }
}
