package ringfence.net.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Linux;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.NetOptions;
import ringfence.net.fabric.SwitchOptions;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.Options;
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Pulse;

/** The program. */
public final class NetMain {
    static final String NAME = "vhost-user-net";
    private static final int MAX_UNUSED = 1_000_000;

    private final Options options = new Options(
            NAME,
            "Connects virtual machines to a tap, to passt or to each other, over vhost-user.",
            this::call,
            "  vhost-user-net --socket-path=/run/vm/net.sock --backend=tap=vm0 --queue-pairs=2",
            "  vhost-user-net --backend=switch --socket-path=/run/vm/a.sock --socket-path=/run/vm/b.sock");
    private final Options.Several<String> socketPaths =
            options.texts("--socket-path", "PATH", "Listen on this Unix socket; a switch has several.");
    private final Options.Several<Integer> fds =
            options.numbers("--fd", "N", "Serve this descriptor: a socket, listening or connected.");
    private final Options.Flag printCapabilities =
            options.flag("--print-capabilities", "Print what this back-end can do, as JSON, and end.");
    private final Options.Text backend = options.text(
            "--backend",
            "WHAT",
            "tap: one that the kernel names; tap=NAME; fd=N[:N...]: open taps or macvtaps, one per pair;"
                    + " passt=SOCKET or passt=fd=N: passt's, for networks without privileges; switch: the sockets"
                    + " are its ports.");
    private final Options.Number ports = options.number(
            "--ports",
            "N",
            "The one socket takes up to N front-ends, each a port of the switch while it is connected.");
    private final Options.Number exitWhenUnused = options.number(
            "--exit-when-unused", "SECONDS", "End after so long without a front-end; only with --ports.");
    private final Options.Number lockFd = options.number(
            "--lock-fd", "N", "The open lock file of the --socket-path, PATH.lock, if who starts us has locked it.");
    private final Options.Text uplink =
            options.text("--uplink", "WHAT", "A port of the switch: tap, tap=NAME or fd=N.");
    private final Options.Number threads =
            options.number("--threads", "N", "Threads that serve the switch's ports (1).");
    private final Options.Number queuePairs =
            options.number("--queue-pairs", "N", 1, "Pairs of queues, 1 to 8 (${DEFAULT-VALUE}).");
    private final Options.Number queueSize = options.number(
            "--queue-size", "N", NetOptions.MAX_QUEUE_SIZE, "Most entries of a queue (${DEFAULT-VALUE}).");
    private final Options.Several<String> macs =
            options.texts("--mac", "ADDRESS", "The guest's address; of each port (its driver's).");
    private final Options.Flag bindMac =
            options.flag("--bind-mac", "Guests on the switch may use no other address than their --mac.");
    private final Options.Number mtu = options.number("--mtu", "BYTES", "MTU of the tap and of the guest (the tap's).");
    private final Options.Text ip = options.text(
            "--ip", "ADDRESS/LEN", "The host's address on the tap, and its network; only for a tap that is opened.");
    private final Options.Text hostMac =
            options.text("--host-mac", "ADDRESS", "The tap's own; only for a tap that is opened.");
    private final Options.Text limits =
            options.text("--limits", "FILE", "Limits of traffic; read again when they change.");
    private final Options.Text counters = options.text("--counters", "FILE", "Count in this file, for others to read.");
    private final Options.Text showCounters =
            options.text(CountersView.OPTION, "FILE", "Print what a daemon counts in its file, and end.");
    private final Options.Flag json = options.flag("--json", "Print counters as JSON.");
    private final Options.Flag allowUnsealed =
            options.flag("--allow-unsealed", "Accept guest memory that may shrink under us (DPDK, files).");
    private final SeccompFlag seccomp = new SeccompFlag(options);
    private final Options.Flag verbose = options.flag("-v", "Say more on standard error.");

    private NetMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new NetMain().options.commandLine();
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    private int call() throws InterruptedException {
        if (printCapabilities.isGiven()) {
            System.out.println("{\n  \"type\": \"net\"\n}");
            return ExitCode.OK;
        }
        Service service;
        try {
            if (showCounters.value().isPresent()) {
                CountersView view = CountersView.of(Linux.system(), showCounters.get());
                System.out.print(json.isGiven() ? view.json() : view.table());
                return ExitCode.OK;
            }
            Consumer<String> errors = DaemonMain.warnings(NAME);
            Consumer<String> log = ports.value().isEmpty() ? errors : new SparingLog(errors, System::nanoTime);
            seccomp.mode();
            Linux linux = Linux.system();
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            BackendOptions common = BackendOptions.defaults()
                    .withAllowUnsealed(allowUnsealed.isGiven())
                    .withLog(log)
                    .withPulse(pulse);
            NetSpec spec = spec();
            Consumer<String> details = verbose.isGiven() ? log : line -> {};
            Optional<Succession> needed = Succession.of(linux, System.getenv(), log);
            if (needed.isEmpty()) {
                return ExitCode.OK;
            }
            try (Succession succession = needed.get()) {
                service = Service.open(linux, spec, succession, common, details);
                succession.keeper().ready("serving " + backend.get());
                SystemdWatchdog.feed(linux, System.getenv(), pulse::getsOn, succession.keeper()::alive);
            }
            StartupMemory.giveBackLater(linux);
        } catch (IllegalArgumentException e) {
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        }
        return DaemonMain.serve(
                NAME, service, () -> seccomp.install(limits.value().isEmpty() ? Set.of() : Set.of(Need.FILES)));
    }

    private NetSpec spec() {
        List<BackendSocket> sockets = Stream.concat(
                        socketPaths.values().stream()
                                .map(path -> new BackendSocket(Optional.of(path), OptionalInt.empty())),
                        fds.values().stream().map(fd -> new BackendSocket(Optional.empty(), OptionalInt.of(fd))))
                .toList();
        if (sockets.isEmpty()) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        int addresses = macs.values().size();
        if (addresses != 0 && addresses != sockets.size()) {
            throw new IllegalArgumentException(
                    "--mac is given " + addresses + " times for " + sockets.size() + " sockets, give one per socket");
        }
        return new NetSpec(
                seats(sockets),
                shared(),
                way(),
                mtu.value(),
                new HostSide(
                        ip.value().map(HostSide.Network::parse),
                        hostMac.value().map(text -> MacAddress.parse("--host-mac", text))),
                counters.value().map(Path::of),
                limits.value().map(Path::of));
    }

    private List<NetSpec.Seat> seats(List<BackendSocket> sockets) {
        if (ports.value().isEmpty()) {
            return IntStream.range(0, sockets.size())
                    .mapToObj(i -> seat(sockets.get(i), i))
                    .toList();
        }
        if (sockets.size() != 1) {
            throw new IllegalArgumentException(
                    "--ports: " + sockets.size() + " sockets, all ports share one: give one, or leave --ports out");
        }
        int most = ports.get();
        if (most < 1 || most > SwitchOptions.MAX_GUESTS) {
            throw new IllegalArgumentException("--ports is " + most + ", not 1 to " + SwitchOptions.MAX_GUESTS);
        }
        return Collections.nCopies(most, seat(sockets.getFirst(), 0));
    }

    private NetSpec.Seat seat(BackendSocket socket, int number) {
        return new NetSpec.Seat(socket, new NetOptions(queuePairs.get(), queueSize.get(), mac(number)));
    }

    private Optional<NetSpec.Shared> shared() {
        OptionalInt unused = exitWhenUnused.value();
        OptionalInt lock = lockFd.value();
        if (ports.value().isEmpty()) {
            if (unused.isPresent() || lock.isPresent()) {
                throw new IllegalArgumentException(
                        (lock.isPresent() ? "--lock-fd" : "--exit-when-unused") + " is only for --ports");
            }
            return Optional.empty();
        }
        if (unused.isPresent() && (unused.getAsInt() < 1 || unused.getAsInt() > MAX_UNUSED)) {
            throw new IllegalArgumentException(
                    "--exit-when-unused is " + unused.getAsInt() + ", not 1 to " + MAX_UNUSED + " seconds");
        }
        if (lock.isPresent() && (lock.getAsInt() < 0 || socketPaths.values().isEmpty())) {
            throw new IllegalArgumentException("--lock-fd is a descriptor, and only for --socket-path");
        }
        return Optional.of(new NetSpec.Shared(
                unused.isPresent() ? Optional.of(Duration.ofSeconds(unused.getAsInt())) : Optional.empty(), lock));
    }

    private Optional<MacAddress> mac(int seat) {
        List<String> given = macs.values();
        return given.isEmpty() ? Optional.empty() : Optional.of(MacAddress.parse("--mac", given.get(seat)));
    }

    private NetSpec.Way way() {
        String what = backend.value()
                .orElseThrow(
                        () -> new IllegalArgumentException("--backend is missing, such as --backend=tap (see --help)"));
        boolean hasUplink = uplink.value().isPresent();
        if (what.equals("switch")) {
            return new NetSpec.Switching(
                    uplink.value().map(NetMain::uplink),
                    bindMac.isGiven(),
                    threads.value().orElse(1));
        }
        boolean switching = hasUplink || bindMac.isGiven() || threads.value().isPresent();
        if (!switching && what.startsWith("passt=") && what.length() > "passt=".length()) {
            return new NetSpec.ToPasst(what.substring("passt=".length()));
        }
        if (switching) {
            throw new IllegalArgumentException((hasUplink ? "--uplink" : bindMac.isGiven() ? "--bind-mac" : "--threads")
                    + " is only for --backend=switch");
        }
        return new NetSpec.ToTap(TapSpec.parse(what));
    }

    private static TapSpec uplink(String text) {
        try {
            return TapSpec.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--uplink is tap, tap=NAME or fd=N, not " + text, e);
        }
    }
}
