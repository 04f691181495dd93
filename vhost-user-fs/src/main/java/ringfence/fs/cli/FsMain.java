package ringfence.fs.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
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
import ringfence.process.SeccompFlag;
import ringfence.process.StartupMemory;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.Need;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Pulse;

/** The program. */
@Command(
        name = "vhost-user-fs",
        description = "Shares a folder with a virtual machine over vhost-user.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = "  vhost-user-fs --socket-path=/run/vm/fs.sock --shared-dir=/srv/work --tag=work",
        versionProvider = FsVersion.class)
public final class FsMain implements Callable<Integer> {
    private static final String NAME = "vhost-user-fs";
    /** virtiofsd's words, by which Kata Containers knows that it may connect. */
    private static final String CONNECT = "Waiting for vhost-user socket connection...";

    @Mixin
    private ShareFlags flags;

    @Option(names = "--print-capabilities", description = "Print what this back-end can do, as JSON, and end.")
    private boolean printCapabilities;

    @Option(
            names = "--log-level",
            paramLabel = "off|error|warn|info|debug|trace",
            description = "What is said on standard error (${DEFAULT-VALUE}).")
    private String logLevel = "error";

    @Option(names = "--syslog", description = "Say it to the system's log instead.")
    private boolean syslog;

    @Option(names = "--allow-unsealed", description = "Accept guest memory that may shrink under us (files).")
    private boolean allowUnsealed;

    @Mixin
    private SeccompFlag seccomp;

    @Spec
    private CommandSpec line;

    private FsMain() {}

    /** Runs it and ends the process. */
    public static void main(String[] arguments) {
        DaemonMain.main(NAME, commandLine(), arguments);
    }

    /** Its model, with which the build writes its manual page, too. */
    public static CommandLine commandLine() {
        return new CommandLine(new FsMain());
    }

    /** Parses a command line and does nothing with it. */
    static void parse(String[] arguments) {
        commandLine().parseArgs(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (printCapabilities) {
            System.out.println("{\n  \"type\": \"fs\"\n}");
            return ExitCode.OK;
        }
        Service service;
        try {
            Linux linux = Linux.system();
            List<String> levels = List.of("off", "error", "warn", "info", "debug", "trace");
            int level = levels.indexOf(logLevel);
            if (level < 0) {
                throw new IllegalArgumentException("--log-level is " + String.join(", ", levels) + ", not " + logLevel);
            }
            Consumer<String> errors = line -> System.err.println(NAME + ": " + line);
            Consumer<String> lines = syslog ? SystemLog.open(linux, errors) : errors;
            Consumer<String> log = level == 0 ? line -> {} : lines;
            Consumer<String> details = level >= levels.indexOf("info") ? lines : line -> {};
            FsSpec spec = flags.spec();
            FilterMode filters = seccomp.mode();
            flags.sandbox()
                    .ifPresent(box -> box.enter(
                            linux,
                            spec,
                            filters,
                            line.commandLine().getParseResult().originalArgs()));
            flags.advice().ifPresent(log);
            Pulse pulse = new Pulse();
            pulse.beat(linux, System.getenv());
            BackendOptions options = BackendOptions.defaults()
                    .withAllowUnsealed(allowUnsealed)
                    .withLog(log)
                    .withPulse(pulse)
                    .withName("fs");
            Optional<Map<String, Fd>> needed = kept(linux, spec, System.getenv());
            if (needed.isEmpty()) {
                return ExitCode.OK;
            }
            Map<String, Fd> kept = needed.get();
            Keeper keeper = NotifyKeeper.from(linux, System.getenv(), log);
            service = Service.open(linux, spec, kept, keeper, options, details);
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
