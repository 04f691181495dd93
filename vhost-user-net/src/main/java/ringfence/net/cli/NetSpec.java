package ringfence.net.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.NetOptions;
import ringfence.vhostuser.link.BackendSocket;

/**
 * What the command line asks for.
 *
 * @param seats the devices; one, unless they are ports of a switch
 * @param shared how they share one socket; empty: each has its own
 * @param way where their frames go
 * @param mtu of the interface and of the guests, 68 to 65535; empty: as it is
 * @param host what the host's side is given; only for a tap that we open
 * @param counters the file of counters; empty: there is none
 * @param limits the file of limits; empty: there are none
 */
record NetSpec(
        List<Seat> seats,
        Optional<Shared> shared,
        Way way,
        OptionalInt mtu,
        HostSide host,
        Optional<Path> counters,
        Optional<Path> limits) {
    /** The smallest MTU of IPv4; virtio 1.3, 5.1.4.1. */
    private static final int MIN_MTU = 68;

    private static final int MAX_MTU = 65_535;

    /**
     * A device.
     *
     * @param socket where it is served
     * @param options what its driver sees
     */
    record Seat(BackendSocket socket, NetOptions options) {}

    /**
     * All devices are served at one socket, the one of each: a connection gets the first that is free.
     *
     * @param unused after so long without a connection the program ends; empty: it does not
     * @param lock a descriptor of the socket's lock, which whoever started us has taken; empty: we take it
     */
    record Shared(Optional<Duration> unused, OptionalInt lock) {}

    /** Where frames go. */
    sealed interface Way {
        /** The tap that is opened or handed in, if there is one. */
        Optional<TapSpec> tap();
    }

    /** To a tap. */
    record ToTap(TapSpec spec) implements Way {
        @Override
        public Optional<TapSpec> tap() {
            return Optional.of(spec);
        }
    }

    /**
     * To passt.
     *
     * @param socket where it listens, or {@code fd=N}: a descriptor that we were started with
     */
    record ToPasst(String socket) implements Way {
        @Override
        public Optional<TapSpec> tap() {
            return Optional.empty();
        }
    }

    /**
     * To each other.
     *
     * @param tap the uplink; empty: there is none
     * @param bind whether each guest may use its own address only
     * @param threads that serve the ports, 1 to {@value #MAX_THREADS}
     */
    record Switching(Optional<TapSpec> tap, boolean bind, int threads) implements Way {
        private static final int MAX_THREADS = 32;

        Switching {
            if (threads < 1 || threads > MAX_THREADS) {
                throw new IllegalArgumentException("--threads is " + threads + ", not 1 to " + MAX_THREADS);
            }
        }
    }

    NetSpec {
        seats = List.copyOf(seats);
        if (seats.isEmpty()) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        if (shared.isPresent() && !(way instanceof Switching)) {
            throw new IllegalArgumentException("--ports is only for --backend=switch");
        }
        if (seats.size() > 1 && !(way instanceof Switching)) {
            throw new IllegalArgumentException(
                    "--socket-path, --fd: " + seats.size() + " sockets, only --backend=switch has several: give one");
        }
        if (shared.isPresent() && seats.getFirst().options().mac().isPresent()) {
            throw new IllegalArgumentException(
                    "--mac: any virtual machine may get any of --ports, leave it out or give each its own"
                            + " --socket-path");
        }
        if (way instanceof Switching switching
                && switching.bind()
                && seats.stream().anyMatch(seat -> seat.options().mac().isEmpty())) {
            throw new IllegalArgumentException("--bind-mac: there is nothing to bind to, give a --mac per socket");
        }
        if (!(way.tap().orElse(null) instanceof TapSpec.Named)
                && !(host.ip().isEmpty() && host.mac().isEmpty())) {
            String option = host.ip().isPresent() ? "--ip" : "--host-mac";
            throw new IllegalArgumentException(option
                    + (way.tap().isPresent()
                            ? " is not for --backend=fd=N or --uplink=fd=N, set it by 'ip'"
                            : " is the host's on a tap: give one by --backend=tap or --uplink=tap"));
        }
        if (way instanceof ToPasst && seats.getFirst().options().pairs() > 1) {
            throw new IllegalArgumentException("--queue-pairs: --backend=passt has one pair, leave the option out");
        }
        mtu.ifPresent(bytes -> {
            if (bytes < MIN_MTU || bytes > MAX_MTU) {
                throw new IllegalArgumentException("--mtu is " + bytes + ", not " + MIN_MTU + " to " + MAX_MTU);
            }
        });
    }

    /** Queues of all devices. */
    int queues() {
        return 2 * seats.stream().mapToInt(seat -> seat.options().pairs()).sum();
    }
}
