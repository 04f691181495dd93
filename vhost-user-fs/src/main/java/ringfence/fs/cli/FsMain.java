package ringfence.fs.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.fs.state.KeptName;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.keep.NotifyKeeper;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.DaemonMain;
import ringfence.process.ExitCode;
import ringfence.process.StartupMemory;
import ringfence.vhostuser.link.BackendOptions;

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
            flags.advice().ifPresent(log);
            Keeper keeper = NotifyKeeper.from(linux, System.getenv(), log);
            BackendOptions options = BackendOptions.defaults()
                    .withAllowUnsealed(allowUnsealed)
                    .withLog(log)
                    .withName("fs");
            Map<String, Fd> kept = kept(linux, System.getenv());
            FsSpec spec = flags.spec();
            service = Service.open(linux, spec, kept, keeper, options, details);
            if (spec.socket().path().isPresent()) {
                log.accept(CONNECT);
            }
            kept.values().forEach(Fd::close);
            StartupMemory.giveBackLater(linux);
        } catch (IllegalArgumentException e) {
            return DaemonMain.complain(NAME, e.getMessage(), ExitCode.BAD_INPUT);
        }
        return DaemonMain.serve(service);
    }

    /** What a predecessor has had kept, by name. */
    private static Map<String, Fd> kept(Linux linux, Map<String, String> environment) {
        Map<String, Fd> kept = new LinkedHashMap<>();
        if (environment.containsKey("LISTEN_FDS")) {
            try (KeptDescriptors all = KeptDescriptors.from(linux, environment, KeptName::isOurs)) {
                List.copyOf(all.names())
                        .forEach(name -> all.take(name).ifPresent(fd -> {
                            Fd before = kept.put(name, fd);
                            if (before != null) {
                                before.close();
                            }
                        }));
            }
        }
        return kept;
    }
}
