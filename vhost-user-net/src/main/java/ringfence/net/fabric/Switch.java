package ringfence.net.fabric;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import ringfence.linux.Linux;
import ringfence.net.backend.TapPorts;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.Network;
import ringfence.net.engine.QueueCounters;

/**
 * The switch: its ports, the guests' first, then the uplink, and what it has learned. Owns them all; it is closed when the
 * devices behind its ports are. Immutable but for the table; any thread.
 */
public final class Switch implements AutoCloseable {
    private static final long NANOS = 1_000_000_000L;
    private static final int TRIES = 64;

    private final SwitchOptions options;
    private final AddressTable addresses;
    private final List<GuestPort> guests;
    private final Optional<Uplink> uplink;
    private final long began = System.nanoTime();

    private Switch(Linux linux, SwitchOptions options, Optional<Uplink> uplink, long secret) {
        this.options = options;
        this.uplink = uplink;
        guests = IntStream.range(0, options.guests())
                .mapToObj(i -> new GuestPort(
                        linux,
                        this,
                        i,
                        options.pairs(),
                        options.bound().get(i).map(MacAddress::bits).orElse(GuestPort.ANY)))
                .toList();
        addresses = table(secret);
    }

    /**
     * A switch that works.
     *
     * @param uplink a tap with one queue, which the switch owns from now on, and what counts of the frames from there
     * @param secret a random number, see {@link AddressTable}
     */
    public static Switch open(Linux linux, SwitchOptions options, Optional<UplinkTap> uplink, long secret) {
        Optional<Uplink> opened = uplink.map(tap -> new Uplink(linux, tap.taps(), tap.counters()));
        Switch made = new Switch(linux, options, opened, secret);
        opened.ifPresent(one -> one.start(made));
        return made;
    }

    /**
     * An uplink to be.
     *
     * @param taps with one queue
     * @param counters of the frames that come from it
     */
    public record UplinkTap(TapPorts taps, QueueCounters counters) {}

    /** With the bound addresses in it: by another secret if they are too many for one bucket. */
    private AddressTable table(long secret) {
        for (int i = 0; i < TRIES; i++) {
            AddressTable table = new AddressTable(ports(), secret + 2L * i);
            if (guests.stream().allMatch(port -> port.fixIn(table))) {
                return table;
            }
        }
        throw new IllegalStateException("ports=" + ports());
    }

    /** What a guest's device is connected to. @param port from 0 on */
    public Network port(int port) {
        return guests.get(port);
    }

    /** How many ports there are, the uplink among them. */
    int ports() {
        return guests.size() + (uplink.isPresent() ? 1 : 0);
    }

    /** The guest's port with that number; null: it is the uplink's. */
    GuestPort guest(int port) {
        return port < guests.size() ? guests.get(port) : null;
    }

    /** Whether frames with this source may come from a port. */
    boolean maySend(int port, long source) {
        GuestPort guest = guest(port);
        return guest == null ? !isBound(source) : guest.maySend(source);
    }

    /** What a guest's port is bound to comes from there only. */
    private boolean isBound(long source) {
        for (int i = 0; i < guests.size(); i++) {
            if (guests.get(i).bound() == source) {
                return true;
            }
        }
        return false;
    }

    Optional<Uplink> uplink() {
        return uplink;
    }

    /** What it has learned. */
    public AddressTable addresses() {
        return addresses;
    }

    OptionalInt mtu() {
        return uplink.isPresent() ? uplink.get().mtu() : options.mtu();
    }

    boolean uso() {
        return uplink.isEmpty() || uplink.get().uso();
    }

    /** Seconds since it began. */
    int seconds() {
        return (int) ((System.nanoTime() - began) / NANOS);
    }

    @Override
    public void close() {
        uplink.ifPresent(Uplink::close);
        guests.forEach(GuestPort::close);
    }
}
