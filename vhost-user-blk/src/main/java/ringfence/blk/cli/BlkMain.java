package ringfence.blk.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.engine.EngineChoice;
import ringfence.blk.image.ImageException;
import ringfence.keep.Keeper;
import ringfence.keep.NotifyKeeper;
import ringfence.keep.Standby;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Linux;
import ringfence.linux.uring.RingRefusedException;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.Options;
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Pulse;

/** The program. */
public final class BlkMain {
    static final int DEFAULT_QUEUE_SIZE = 256;

    static final String NAME = "vhost-user-blk";

    private final Options options = new Options(
            NAME,
            "Serves raw disk images to virtual machines over vhost-user.",
            this::call,
            "  vhost-user-blk --socket-path=/run/vm/disk.sock --blk-file=/srv/vm.img --num-queues=2",
            "  vhost-user-blk --device=path=a.img,socket=a.sock --device=path=b.img,socket=b.sock,readonly=on");
    private final Options.Text socketPath = options.text("--socket-path", "PATH", "Listen on this Unix socket.");
    private final Options.Number fd =
            options.number("--fd", "N", "Serve this descriptor: a socket, listening or connected.");
    private final Options.Flag printCapabilities =
            options.flag("--print-capabilities", "Print what this back-end can do, as JSON, and end.");
    private final Options.Text blkFile = options.text("--blk-file", "PATH", "The raw image file or block device.");
    private final Options.Flag readOnly =
            options.flag("--read-only", "Open it for reading only; many may share it so.");
    private final Options.Flag direct = options.flag("--direct", "Go round the page cache (O_DIRECT).");
    private final Options.Flag resizable =
            options.flag("--resizable", "Let the front-end set the size of the image, a file.");
    private final Options.Number numQueues =
            options.number("--num-queues", "N", 1, "Number of queues, 1 to 256 (${DEFAULT-VALUE}).");
    private final Options.Number queueSize =
            options.number("--queue-size", "N", DEFAULT_QUEUE_SIZE, "Most entries of a queue (${DEFAULT-VALUE}).");
    private final Options.Text serial = options.text("--serial", "TEXT", "Serial number, at most 20 characters.");
    private final Options.Flag preallocate =
            options.flag("--preallocate", "Allocate all of the image at the start, and give none of it back.");
    private final Options.Text lock = options.text(
            "--lock-granularity",
            "byte-range|full",
            "byte-range",
            "Lock what QEMU locks of the image, or all of it as well (${DEFAULT-VALUE}).");
    private final Options.Several<String> queueCpus = options.texts(
            "--queue-cpus",
            "QUEUE@CPU[,CPU...]",
            "The host's CPUs on which the thread of this queue may run. May be repeated.");
    private final Options.Text ioEngine =
            options.text("--io-engine", "auto|uring|plain", "auto", "How it is read and written (${DEFAULT-VALUE}).");
    private final Options.Text fence = options.text(
            "--fence",
            "PATH",
            "Lock file that keeps a successor waiting for our last request (the socket's path + .fence).");
    private final Options.Text counters = options.text("--counters", "FILE", "Count in this file, for others to read.");
    private final Options.Several<String> devices = options.texts(
            "--device",
            "path=PATH,socket=PATH,readonly=on|off,direct=on|off,resizable=on|off,num_queues=N,queue_size=N,serial=TEXT,"
                + "sparse=on|off,lock_granularity=byte-range|full,io_engine=auto|uring|plain,fence=PATH,counters=PATH",
            "A further device, of its path and socket at least. May be repeated.");
    private final Options.Flag allowUnsealed =
            options.flag("--allow-unsealed", "Accept guest memory that may shrink under us (DPDK, files).");
    private final SeccompFlag seccomp = new SeccompFlag(options);
    private final Options.Flag verbose = options.flag("-v", "Say more on standard error.");

    private BlkMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new BlkMain().options.commandLine();
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    private int call() throws InterruptedException {
        if (printCapabilities.isGiven()) {
            System.out.println(
                    "{\n  \"type\": \"block\",\n  \"features\": [\n    \"read-only\",\n    \"blk-file\"\n  ]\n}");
            return ExitCode.OK;
        }
        List<Service> services = new ArrayList<>();
        try {
            Linux linux = Linux.system();
            Consumer<String> log = DaemonMain.warnings(NAME);
            Consumer<String> details = verbose.isGiven() ? log : line -> {};
            seccomp.mode();
            List<DeviceSpec> specs = specs();
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            boolean ring = specs.stream().anyMatch(spec -> spec.options().choice() != EngineChoice.PLAIN);
            if (Standby.succession(
                            linux, System.getenv(), _ -> false, needed -> BlkTraining.rehearse(linux, ring, needed))
                    .isEmpty()) {
                return ExitCode.OK;
            }
            for (DeviceSpec spec : specs) {
                BackendOptions common = BackendOptions.defaults()
                        .withAllowUnsealed(allowUnsealed.isGiven())
                        .withLog(log)
                        .withPulse(pulse)
                        .withName("blk" + services.size());
                services.add(Service.open(linux, spec, common, details));
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
        List<String> further = devices.values();
        if (blkFile.value().isPresent() || further.isEmpty()) {
            specs.add(single());
        }
        further.forEach(device -> specs.add(DeviceOption.parse(device)));
        return specs;
    }

    private DeviceSpec single() {
        String image =
                blkFile.value().orElseThrow(() -> new IllegalArgumentException("--blk-file is missing (see --help)"));
        Optional<String> path = socketPath.value();
        OptionalInt descriptor = fd.value();
        if (path.isEmpty() && descriptor.isEmpty()) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        return new DeviceSpec(
                image,
                path,
                descriptor,
                DeviceSpec.fence(fence.value(), path),
                readOnly.isGiven(),
                direct.isGiven(),
                DeviceSpec.wholeLock(lock.get()),
                QueueCpus.parse(queueCpus.values(), numQueues.get()),
                counters.value().map(Path::of),
                new BlkOptions(
                        numQueues.get(),
                        queueSize.get(),
                        serial.value().orElse(""),
                        DeviceSpec.engine(ioEngine.get()),
                        resizable.isGiven(),
                        !preallocate.isGiven()));
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
