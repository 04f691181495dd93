package ringfence.fs.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine;
import ringfence.fs.state.KeptName;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.keep.NotifyKeeper;
import ringfence.keep.Standby;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.Options;
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Pulse;

/** The program. */
public final class FsMain {
    static final String NAME = "vhost-user-fs";
    /** virtiofsd's words, by which Kata Containers knows that it may connect. */
    private static final String CONNECT = "Waiting for vhost-user socket connection...";

    private final Options options = new Options(
            NAME,
            "Shares a folder with a virtual machine over vhost-user.",
            this::call,
            "  vhost-user-fs --socket-path=/run/vm/fs.sock --shared-dir=/srv/work --tag=work");
    private final ShareFlags flags = new ShareFlags(options);
    private final Options.Flag printCapabilities =
            options.flag("--print-capabilities", "Print what this back-end can do, as JSON, and end.");
    private final Options.Text logLevel = options.text(
            "--log-level",
            "off|error|warn|info|debug|trace",
            "error",
            "What is said on standard error (${DEFAULT-VALUE}).");
    private final Options.Flag syslog = options.flag("--syslog", "Say it to the system's log instead.");
    private final Options.Flag allowUnsealed =
            options.flag("--allow-unsealed", "Accept guest memory that may shrink under us (files).");
    private final SeccompFlag seccomp = new SeccompFlag(options);

    private FsMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new FsMain().options.commandLine();
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    private int call() throws InterruptedException {
        if (printCapabilities.isGiven()) {
            System.out.println("{\n  \"type\": \"fs\"\n}");
            return ExitCode.OK;
        }
        Service service;
        try {
            Linux linux = Linux.system();
            List<String> levels = List.of("off", "error", "warn", "info", "debug", "trace");
            int level = levels.indexOf(logLevel.get());
            if (level < 0) {
                throw new IllegalArgumentException(
                        "--log-level is " + String.join(", ", levels) + ", not " + logLevel.get());
            }
            Consumer<String> errors = DaemonMain.warnings(NAME);
            Consumer<String> lines = syslog.isGiven() ? SystemLog.open(linux, errors) : errors;
            Consumer<String> log = level == 0 ? line -> {} : lines;
            Consumer<String> details = level >= levels.indexOf("info") ? lines : line -> {};
            FsSpec spec = flags.spec();
            FilterMode filters = seccomp.mode();
            flags.sandbox().ifPresent(box -> box.enter(linux, spec, filters, options.given()));
            flags.advice().ifPresent(log);
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            BackendOptions common = BackendOptions.defaults()
                    .withAllowUnsealed(allowUnsealed.isGiven())
                    .withLog(log)
                    .withPulse(pulse)
                    .withName("fs");
            Keeper keeper = NotifyKeeper.from(linux, System.getenv(), log); // a standby, too, has found it beforehand
            Optional<Map<String, Fd>> needed = kept(linux, spec, System.getenv());
            if (needed.isEmpty()) {
                return ExitCode.OK;
            }
            Map<String, Fd> kept = needed.get();
            service = Service.open(linux, spec, kept, keeper, common, details);
            SystemdWatchdog.feed(linux, System.getenv(), pulse::getsOn, keeper::alive);
            if (spec.socket().path().isPresent()) {
                log.accept(CONNECT);
            }
            kept.values().forEach(Fd::close);
            StartupMemory.giveBackLater(linux);
        } catch (IllegalArgumentException e) {
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        }
        return DaemonMain.serve(NAME, service, () -> seccomp.install(Set.of(Need.FILES, Need.FOLDERS, Need.USERS)));
    }

    /** What a predecessor has had kept, by name; empty: this is a standby that is not needed any more. */
    private static Optional<Map<String, Fd>> kept(Linux linux, FsSpec spec, Map<String, String> environment) {
        return Standby.succession(
                        linux,
                        environment,
                        KeptName::isOurs,
                        needed -> FsTraining.rehearse(linux, spec.directory(), needed))
                .map(FsMain::byName);
    }

    private static Map<String, Fd> byName(KeptDescriptors left) {
        Map<String, Fd> kept = new LinkedHashMap<>();
        try (left) {
            List.copyOf(left.names())
                    .forEach(name -> left.take(name).ifPresent(fd -> {
                        Fd before = kept.put(name, fd);
                        if (before != null) {
                            before.close();
                        }
                    }));
        }
        return kept;
    }
}
