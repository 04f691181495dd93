package ringfence.net.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Linux;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.NetOptions;
import ringfence.net.fabric.SwitchOptions;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Pulse;

/** The program. */
@Command(
        name = "vhost-user-net",
        description = "Connects virtual machines to a tap, to passt or to each other, over vhost-user.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  vhost-user-net --socket-path=/run/vm/net.sock --backend=tap=vm0 --queue-pairs=2",
            "  vhost-user-net --backend=switch --socket-path=/run/vm/a.sock --socket-path=/run/vm/b.sock"
        },
        versionProvider = NetVersion.class)
public final class NetMain implements Callable<Integer> {
    private static final String NAME = "vhost-user-net";
    private static final int MAX_UNUSED = 1_000_000;

    @Option(
            names = "--socket-path",
            paramLabel = "PATH",
            description = "Listen on this Unix socket; a switch has several.")
    private List<String> socketPaths = List.of();

    @Option(names = "--fd", paramLabel = "N", description = "Serve this descriptor: a socket, listening or connected.")
    private List<Integer> fds = List.of();

    @Option(names = "--print-capabilities", description = "Print what this back-end can do, as JSON, and end.")
    private boolean printCapabilities;

    @Option(
            names = "--backend",
            paramLabel = "WHAT",
            description = "tap: one that the kernel names; tap=NAME; fd=N[:N...]: open taps or macvtaps, one per pair;"
                    + " passt=SOCKET or passt=fd=N: passt's, for networks without privileges; switch: the sockets"
                    + " are its ports.")
    private String backend;

    @Option(
            names = "--ports",
            paramLabel = "N",
            description = "The one socket takes up to N front-ends, each a port of the switch while it is connected.")
    private Integer ports;

    @Option(
            names = "--exit-when-unused",
            paramLabel = "SECONDS",
            description = "End after so long without a front-end; only with --ports.")
    private Integer exitWhenUnused;

    @Option(
            names = "--lock-fd",
            paramLabel = "N",
            description = "The open lock file of the --socket-path, PATH.lock, if who starts us has locked it.")
    private Integer lockFd;

    @Option(names = "--uplink", paramLabel = "WHAT", description = "A port of the switch: tap, tap=NAME or fd=N.")
    private String uplink;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that serve the switch's ports (1).")
    private Integer threads;

    @Option(names = "--queue-pairs", paramLabel = "N", description = "Pairs of queues, 1 to 8 (${DEFAULT-VALUE}).")
    private int queuePairs = 1;

    @Option(names = "--queue-size", paramLabel = "N", description = "Most entries of a queue (${DEFAULT-VALUE}).")
    private int queueSize = NetOptions.MAX_QUEUE_SIZE;

    @Option(names = "--mac", paramLabel = "ADDRESS", description = "The guest's address; of each port (its driver's).")
    private List<String> macs = List.of();

    @Option(names = "--bind-mac", description = "Guests on the switch may use no other address than their --mac.")
    private boolean bindMac;

    @Option(names = "--mtu", paramLabel = "BYTES", description = "MTU of the tap and of the guest (the tap's).")
    private Integer mtu;

    @Option(
            names = "--ip",
            paramLabel = "ADDRESS/LEN",
            description = "The host's address on the tap, and its network; only for a tap that is opened.")
    private String ip;

    @Option(names = "--host-mac", paramLabel = "ADDRESS", description = "The tap's own; only for a tap that is opened.")
    private String hostMac;

    @Option(names = "--limits", paramLabel = "FILE", description = "Limits of traffic; read again when they change.")
    private String limits;

    @Option(names = "--counters", paramLabel = "FILE", description = "Count in this file, for others to read.")
    private String counters;

    @Option(
            names = CountersView.OPTION,
            paramLabel = "FILE",
            description = "Print what a daemon counts in its file, and end.")
    private String showCounters;

    @Option(names = "--json", description = "Print counters as JSON.")
    private boolean json;

    @Option(names = "--allow-unsealed", description = "Accept guest memory that may shrink under us (DPDK, files).")
    private boolean allowUnsealed;

    @Mixin
    private SeccompFlag seccomp;

    @Option(names = "-v", description = "Say more on standard error.")
    private boolean verbose;

    private NetMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new CommandLine(new NetMain());
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (printCapabilities) {
            System.out.println("{\n  \"type\": \"net\"\n}");
            return ExitCode.OK;
        }
        Service service;
        try {
            if (showCounters != null) {
                CountersView view = CountersView.of(Linux.system(), showCounters);
                System.out.print(json ? view.json() : view.table());
                return ExitCode.OK;
            }
            Consumer<String> errors = line -> System.err.println(NAME + ": " + line);
            Consumer<String> log = ports == null ? errors : new SparingLog(errors, System::nanoTime);
            seccomp.mode();
            Linux linux = Linux.system();
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            BackendOptions options = BackendOptions.defaults()
                    .withAllowUnsealed(allowUnsealed)
                    .withLog(log)
                    .withPulse(pulse);
            Optional<Succession> needed = Succession.of(linux, System.getenv(), log);
            if (needed.isEmpty()) {
                return ExitCode.OK;
            }
            try (Succession succession = needed.get()) {
                service = Service.open(linux, spec(), succession, options, verbose ? log : line -> {});
                succession.keeper().ready("serving " + backend);
                SystemdWatchdog.feed(linux, System.getenv(), pulse::getsOn, succession.keeper()::alive);
            }
            StartupMemory.giveBackLater(linux);
        } catch (IllegalArgumentException e) {
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        }
        return DaemonMain.serve(NAME, service, () -> seccomp.install(limits == null ? Set.of() : Set.of(Need.FILES)));
    }

    private NetSpec spec() {
        List<BackendSocket> sockets = Stream.concat(
                        socketPaths.stream().map(path -> new BackendSocket(Optional.of(path), OptionalInt.empty())),
                        fds.stream().map(fd -> new BackendSocket(Optional.empty(), OptionalInt.of(fd))))
                .toList();
        if (sockets.isEmpty()) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        if (!macs.isEmpty() && macs.size() != sockets.size()) {
            throw new IllegalArgumentException(
                    "--mac is given " + macs.size() + " times for " + sockets.size() + " sockets, give one per socket");
        }
        return new NetSpec(
                seats(sockets),
                shared(),
                way(),
                mtu == null ? OptionalInt.empty() : OptionalInt.of(mtu),
                new HostSide(
                        Optional.ofNullable(ip).map(HostSide.Network::parse),
                        Optional.ofNullable(hostMac).map(text -> MacAddress.parse("--host-mac", text))),
                Optional.ofNullable(counters).map(Path::of),
                Optional.ofNullable(limits).map(Path::of));
    }

    private List<NetSpec.Seat> seats(List<BackendSocket> sockets) {
        if (ports == null) {
            return IntStream.range(0, sockets.size())
                    .mapToObj(i -> seat(sockets.get(i), i))
                    .toList();
        }
        if (sockets.size() != 1) {
            throw new IllegalArgumentException(
                    "--ports: " + sockets.size() + " sockets, all ports share one: give one, or leave --ports out");
        }
        if (ports < 1 || ports > SwitchOptions.MAX_GUESTS) {
            throw new IllegalArgumentException("--ports is " + ports + ", not 1 to " + SwitchOptions.MAX_GUESTS);
        }
        return Collections.nCopies(ports, seat(sockets.getFirst(), 0));
    }

    private NetSpec.Seat seat(BackendSocket socket, int number) {
        return new NetSpec.Seat(socket, new NetOptions(queuePairs, queueSize, mac(number)));
    }

    private Optional<NetSpec.Shared> shared() {
        if (ports == null) {
            if (exitWhenUnused != null || lockFd != null) {
                throw new IllegalArgumentException(
                        (lockFd != null ? "--lock-fd" : "--exit-when-unused") + " is only for --ports");
            }
            return Optional.empty();
        }
        if (exitWhenUnused != null && (exitWhenUnused < 1 || exitWhenUnused > MAX_UNUSED)) {
            throw new IllegalArgumentException(
                    "--exit-when-unused is " + exitWhenUnused + ", not 1 to " + MAX_UNUSED + " seconds");
        }
        if (lockFd != null && (lockFd < 0 || socketPaths.isEmpty())) {
            throw new IllegalArgumentException("--lock-fd is a descriptor, and only for --socket-path");
        }
        return Optional.of(new NetSpec.Shared(
                Optional.ofNullable(exitWhenUnused).map(Duration::ofSeconds),
                lockFd == null ? OptionalInt.empty() : OptionalInt.of(lockFd)));
    }

    private Optional<MacAddress> mac(int seat) {
        return macs.isEmpty() ? Optional.empty() : Optional.of(MacAddress.parse("--mac", macs.get(seat)));
    }

    private NetSpec.Way way() {
        if (backend == null) {
            throw new IllegalArgumentException("--backend is missing, such as --backend=tap (see --help)");
        }
        if (backend.equals("switch")) {
            return new NetSpec.Switching(
                    Optional.ofNullable(uplink).map(NetMain::uplink), bindMac, threads == null ? 1 : threads);
        }
        boolean switching = uplink != null || bindMac || threads != null;
        if (!switching && backend.startsWith("passt=") && backend.length() > "passt=".length()) {
            return new NetSpec.ToPasst(backend.substring("passt=".length()));
        }
        if (switching) {
            throw new IllegalArgumentException((uplink != null ? "--uplink" : bindMac ? "--bind-mac" : "--threads")
                    + " is only for --backend=switch");
        }
        return new NetSpec.ToTap(TapSpec.parse(backend));
    }

    private static TapSpec uplink(String text) {
        try {
            return TapSpec.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--uplink is tap, tap=NAME or fd=N, not " + text, e);
        }
    }
}
