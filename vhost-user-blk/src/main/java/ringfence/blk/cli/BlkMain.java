package ringfence.blk.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.image.ImageException;
import ringfence.keep.Keeper;
import ringfence.keep.NotifyKeeper;
import ringfence.keep.Standby;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Linux;
import ringfence.linux.uring.RingRefusedException;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Pulse;

/** The program. */
@Command(
        name = "vhost-user-blk",
        description = "Serves raw disk images to virtual machines over vhost-user.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  vhost-user-blk --socket-path=/run/vm/disk.sock --blk-file=/srv/vm.img --num-queues=2",
            "  vhost-user-blk --device=path=a.img,socket=a.sock --device=path=b.img,socket=b.sock,readonly=on"
        },
        versionProvider = BlkVersion.class)
public final class BlkMain implements Callable<Integer> {
    static final int DEFAULT_QUEUE_SIZE = 256;

    private static final String NAME = "vhost-user-blk";

    @Option(names = "--socket-path", paramLabel = "PATH", description = "Listen on this Unix socket.")
    private String socketPath;

    @Option(names = "--fd", paramLabel = "N", description = "Serve this descriptor: a socket, listening or connected.")
    private Integer fd;

    @Option(names = "--print-capabilities", description = "Print what this back-end can do, as JSON, and end.")
    private boolean printCapabilities;

    @Option(names = "--blk-file", paramLabel = "PATH", description = "The raw image file or block device.")
    private String blkFile;

    @Option(names = "--read-only", description = "Open it for reading only; many may share it so.")
    private boolean readOnly;

    @Option(names = "--direct", description = "Go round the page cache (O_DIRECT).")
    private boolean direct;

    @Option(names = "--resizable", description = "Let the front-end set the size of the image, a file.")
    private boolean resizable;

    @Option(names = "--num-queues", paramLabel = "N", description = "Number of queues, 1 to 256 (${DEFAULT-VALUE}).")
    private int numQueues = 1;

    @Option(names = "--queue-size", paramLabel = "N", description = "Most entries of a queue (${DEFAULT-VALUE}).")
    private int queueSize = DEFAULT_QUEUE_SIZE;

    @Option(names = "--serial", paramLabel = "TEXT", description = "Serial number, at most 20 characters.")
    private String serial = "";

    @Option(
            names = "--io-engine",
            paramLabel = "auto|uring|plain",
            description = "How it is read and written (${DEFAULT-VALUE}).")
    private String ioEngine = "auto";

    @Option(
            names = "--fence",
            paramLabel = "PATH",
            description = "Lock file that keeps a successor waiting for our last request (the socket's path + .fence).")
    private String fence;

    @Option(names = "--counters", paramLabel = "FILE", description = "Count in this file, for others to read.")
    private String counters;

    @Option(
            names = "--device",
            paramLabel =
                    "path=PATH,socket=PATH,readonly=on|off,direct=on|off,resizable=on|off,num_queues=N,queue_size=N,serial=TEXT,"
                        + "io_engine=auto|uring|plain,fence=PATH,counters=PATH",
            description = "A further device, of its path and socket at least. May be repeated.")
    private List<String> devices = new ArrayList<>();

    @Option(names = "--allow-unsealed", description = "Accept guest memory that may shrink under us (DPDK, files).")
    private boolean allowUnsealed;

    @Mixin
    private SeccompFlag seccomp;

    @Option(names = "-v", description = "Say more on standard error.")
    private boolean verbose;

    private BlkMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new CommandLine(new BlkMain());
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (printCapabilities) {
            System.out.println(
                    "{\n  \"type\": \"block\",\n  \"features\": [\n    \"read-only\",\n    \"blk-file\"\n  ]\n}");
            return ExitCode.OK;
        }
        List<Service> services = new ArrayList<>();
        try {
            Linux linux = Linux.system();
            Consumer<String> log = line -> System.err.println(NAME + ": " + line);
            Consumer<String> details = verbose ? log : line -> {};
            seccomp.mode();
            List<DeviceSpec> specs = specs();
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            if (Standby.succession(linux, System.getenv(), _ -> false, needed -> BlkTraining.rehearse(linux, needed))
                    .isEmpty()) {
                return ExitCode.OK;
            }
            for (DeviceSpec spec : specs) {
                BackendOptions options = BackendOptions.defaults()
                        .withAllowUnsealed(allowUnsealed)
                        .withLog(log)
                        .withPulse(pulse)
                        .withName("blk" + services.size());
                services.add(Service.open(linux, spec, options, details));
            }
            if (System.getenv("NOTIFY_SOCKET") != null) {
                Keeper keeper = NotifyKeeper.from(linux, System.getenv(), log);
                keeper.ready("serving "
                        + String.join(
                                ", ", specs.stream().map(DeviceSpec::image).toList()));
                SystemdWatchdog.feed(linux, System.getenv(), pulse::getsOn, keeper::alive);
            }
            StartupMemory.giveBackLater(linux);
        } catch (ImageException | RingRefusedException | IllegalArgumentException e) {
            services.forEach(Service::close);
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        }
        // a ring is made each time that a queue starts
        return DaemonMain.serve(NAME, together(services), () -> seccomp.install(Set.of(Need.RINGS)));
    }

    private List<DeviceSpec> specs() {
        List<DeviceSpec> specs = new ArrayList<>();
        if (blkFile != null || devices.isEmpty()) {
            specs.add(single());
        }
        devices.forEach(device -> specs.add(DeviceOption.parse(device)));
        return specs;
    }

    private DeviceSpec single() {
        if (blkFile == null) {
            throw new IllegalArgumentException("--blk-file is missing (see --help)");
        }
        if (socketPath == null && fd == null) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        Optional<String> path = Optional.ofNullable(socketPath);
        return new DeviceSpec(
                blkFile,
                path,
                fd == null ? OptionalInt.empty() : OptionalInt.of(fd),
                DeviceSpec.fence(Optional.ofNullable(fence), path),
                readOnly,
                direct,
                Optional.ofNullable(counters).map(Path::of),
                new BlkOptions(numQueues, queueSize, serial, DeviceSpec.engine(ioEngine), resizable));
    }

    private static DaemonMain.Service together(List<Service> services) {
        return new DaemonMain.Service() {
            @Override
            public void await() throws InterruptedException {
                for (Service service : services) {
                    service.await();
                }
            }

            @Override
            public void close() {
                services.forEach(Service::close);
            }
        };
    }
}
