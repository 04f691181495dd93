package ringfence.net.backend;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.linux.Tap;
import ringfence.linux.TapOffload;

/** The ports of one device, all of the same interface; owns them. */
public final class TapPorts implements AutoCloseable {
    private static final Set<TapOffload> USO = EnumSet.of(TapOffload.CSUM, TapOffload.USO4, TapOffload.USO6);

    private final List<TapPort> ports;
    private final boolean uso;
    private final OptionalInt mtu;
    private final boolean inherited;

    private TapPorts(List<TapPort> ports, boolean uso, OptionalInt mtu, boolean inherited) {
        this.ports = List.copyOf(ports);
        this.uso = uso;
        this.mtu = mtu;
        this.inherited = inherited;
    }

    /** As {@link #open(Linux, TapSpec, int, OptionalInt, KeptDescriptors)}, by one who has no predecessor. */
    public static TapPorts open(Linux linux, TapSpec spec, int pairs, OptionalInt mtu) {
        return open(linux, spec, pairs, mtu, KeptDescriptors.none());
    }

    /**
     * Opens them, or takes them over from a predecessor: then the interface is as that, or whoever is in charge of this
     * host, has left it.
     *
     * @param pairs how many ports
     * @param mtu what the interface's is set to; empty: it stays
     * @param kept what a predecessor has left by {@link #keepBy}; what is of use is taken
     * @throws IllegalArgumentException with one line for the user; nothing stays open
     */
    public static TapPorts open(Linux linux, TapSpec spec, int pairs, OptionalInt mtu, KeptDescriptors kept) {
        List<Tap> taps = new ArrayList<>();
        boolean inherited = false;
        try {
            OptionalInt known = switch (spec) {
                case TapSpec.Named(String name) -> {
                    taps.addAll(KeptTap.take(linux, kept, name, pairs));
                    inherited = !taps.isEmpty();
                    if (inherited) {
                        yield KeptTap.mtu(new Interfaces(linux), taps.getFirst().name(), mtu);
                    }
                    named(linux, name, pairs, taps);
                    yield OptionalInt.of(
                            bringUp(new Interfaces(linux), taps.getFirst().name(), mtu));
                }
                case TapSpec.Given(List<Integer> numbers) -> {
                    given(linux, numbers, pairs, taps);
                    yield mtu;
                }
            };
            boolean uso = taps.getFirst().tryOffload(USO);
            boolean fresh = !inherited;
            return new TapPorts(
                    taps.stream().map(tap -> new TapPort(tap, fresh)).toList(), uso, known, inherited);
        } catch (RuntimeException e) {
            taps.forEach(Tap::close);
            throw e;
        }
    }

    private static void named(Linux linux, String name, int pairs, List<Tap> taps) {
        String option = name.isEmpty() ? "--backend=tap" : "--backend=tap=" + name;
        try {
            taps.add(first(linux, name, pairs));
            while (taps.size() < pairs) {
                taps.add(Tap.open(linux, taps.getFirst().name(), true));
            }
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(option + ": " + remedy(e.errno(), name), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    /** With several queues even where one is used, as only such can be detached; but a tap may have been made otherwise. */
    private static Tap first(Linux linux, String name, int pairs) {
        try {
            return Tap.open(linux, name, true);
        } catch (ErrnoException e) {
            if (pairs > 1 || e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
        return Tap.open(linux, name, false);
    }

    private static String remedy(Errno errno, String name) {
        return switch (errno) {
            case ENOENT, ENODEV, ENXIO -> "there is no /dev/net/tun, load the module tun or hand in a tap by fd=N";
            case EACCES -> "/dev/net/tun is closed to this user, chmod 666 it, as udev does, or hand in a tap by fd=N";
            case EPERM ->
                "not permitted, run with CAP_NET_ADMIN or hand in a tap by fd=N (ip tuntap add ... user NAME)";
            case EBUSY -> "it is in use, end its user or name another";
            case EINVAL, E2BIG ->
                name + " is no tap, or has no further queues: make it by 'ip tuntap add " + name
                        + " mode tap multi_queue', or use --queue-pairs=1";
            default -> errno.text() + ", check the name";
        };
    }

    private static int bringUp(Interfaces interfaces, String name, OptionalInt mtu) {
        try {
            if (mtu.isPresent() && interfaces.mtu(name) != mtu.getAsInt()) {
                interfaces.mtu(name, mtu.getAsInt());
            }
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    "--mtu=" + mtu.orElse(0) + ": " + name + " refuses it ("
                            + e.errno().text() + "), set it by 'ip link set " + name + " mtu ...'",
                    e);
        }
        try {
            if (!interfaces.isUp(name)) {
                interfaces.up(name, true);
            }
            return interfaces.mtu(name);
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    "--backend: cannot bring " + name + " up (" + e.errno().text() + "), do it by 'ip link set " + name
                            + " up'",
                    e);
        }
    }

    private static void given(Linux linux, List<Integer> numbers, int pairs, List<Tap> taps) {
        if (numbers.size() != pairs) {
            throw new IllegalArgumentException("--backend=fd=...: " + numbers.size() + " descriptors for --queue-pairs="
                    + pairs + ", give one per pair");
        }
        for (int number : numbers) {
            try {
                taps.add(Tap.adopt(linux, linux.files().duplicate(number)));
            } catch (ErrnoException e) {
                throw new IllegalArgumentException(
                        "--backend=fd=" + number + ": no open descriptor, check how we were started", e);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("--backend=fd=" + number + ": " + e.getMessage(), e);
            }
        }
        if (taps.stream().map(Tap::name).distinct().count() > 1) {
            throw new IllegalArgumentException("--backend=fd=...: queues of different interfaces "
                    + taps.stream().map(Tap::name).toList() + ", give queues of one");
        }
    }

    /** Whether a predecessor has made them. */
    public boolean inherited() {
        return inherited;
    }

    /**
     * From now on, the interface outlives this process, and a successor may take it over.
     *
     * @throws ErrnoException if a queue cannot be kept
     */
    public void keepBy(Keeper keeper) {
        for (int i = 0; i < ports.size(); i++) {
            keeper.keep(KeptTap.name(i), ports.get(i).fd());
        }
    }

    /** The interface's name. */
    public String name() {
        return ports.getFirst().name();
    }

    /** The port of a pair of queues. */
    public TapPort port(int pair) {
        return ports.get(pair);
    }

    /** Number of ports. */
    public int count() {
        return ports.size();
    }

    /** Whether UDP segmentation can be had. */
    public boolean uso() {
        return uso;
    }

    /** The interface's MTU, bytes; empty if it is not known. */
    public OptionalInt mtu() {
        return mtu;
    }

    @Override
    public void close() {
        ports.forEach(TapPort::close);
    }
}
