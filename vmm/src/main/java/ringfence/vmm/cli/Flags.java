package ringfence.vmm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.vmm.config.BalloonConfig;
import ringfence.vmm.config.ConsoleConfig;
import ringfence.vmm.config.CpusConfig;
import ringfence.vmm.config.DebugConsoleConfig;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.EventMonitorConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.LandlockRule;
import ringfence.vmm.config.MemoryConfig;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PayloadConfig;
import ringfence.vmm.config.PciSegmentConfig;
import ringfence.vmm.config.PlatformOptions;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.RngConfig;
import ringfence.vmm.config.VsockConfig;

/** The flags of a command that runs a VM. */
final class Flags {
    static final String CPUS = "--cpus";
    static final String MEMORY = "--memory";
    static final String DISK = "--disk";
    static final String NET = "--net";
    static final String FS = "--fs";
    static final String GENERIC = "--generic-vhost-user";
    static final String BALLOON = "--balloon";
    static final String PMEM = "--pmem";
    static final String RNG = "--rng";
    static final String VSOCK = "--vsock";
    static final String SERIAL = "--serial";
    static final String CONSOLE = "--console";
    static final String DEBUG_CONSOLE = "--debug-console";
    static final String WATCHDOG = "--watchdog";
    static final String PVPANIC = "--pvpanic";
    static final String PLATFORM = "--platform";
    static final String PCI_SEGMENT = "--pci-segment";
    static final String CONFIG = "--config";
    static final String API_SOCKET = "--api-socket";
    static final String NO_SHUTDOWN = "--no-shutdown";
    static final String EVENT_MONITOR = "--event-monitor";
    static final String LOG_FILE = "--log-file";
    static final String LOG_FORMAT = "--log-format";
    static final String VERBOSE = "-v";
    static final String SECCOMP = "--seccomp";
    static final String DAEMON_UIDS = "--daemon-uids";
    static final String LANDLOCK = "--landlock";
    static final String LANDLOCK_RULES = "--landlock-rules";

    private static final List<Flag> ALL = all();

    private Flags() {}

    /** In the order of the help. */
    static List<Flag> list() {
        return ALL;
    }

    /** The names of those that say what the machine is. */
    static List<String> ofMachine() {
        List<String> names = new ArrayList<>(List.of(
                CPUS,
                MEMORY,
                DISK,
                NET,
                FS,
                GENERIC,
                VSOCK,
                PMEM,
                BALLOON,
                SERIAL,
                CONSOLE,
                DEBUG_CONSOLE,
                RNG,
                WATCHDOG,
                PVPANIC,
                PLATFORM,
                PCI_SEGMENT));
        for (Option<PayloadConfig, ?> option : PayloadConfig.TABLE.options()) {
            names.add("--" + option.key());
        }
        return names;
    }

    static Optional<Flag> find(String word) {
        for (Flag flag : ALL) {
            if (flag.is(word)) {
                return Optional.of(flag);
            }
        }
        return Optional.empty();
    }

    private static List<Flag> all() {
        List<Flag> flags = new ArrayList<>();
        for (Option<PayloadConfig, ?> option : PayloadConfig.TABLE.options()) {
            flags.add(new Flag("--" + option.key(), "", option.type().syntax(), false, List.of(option.help())));
        }
        for (String name : List.of(
                CPUS,
                MEMORY,
                DISK,
                NET,
                FS,
                GENERIC,
                VSOCK,
                PMEM,
                BALLOON,
                SERIAL,
                CONSOLE,
                DEBUG_CONSOLE,
                RNG,
                PLATFORM,
                PCI_SEGMENT)) {
            boolean many = List.of(DISK, NET, FS, GENERIC, PMEM, PCI_SEGMENT).contains(name);
            flags.add(new Flag(name, "", "<options>", many, List.of()));
        }
        flags.add(new Flag(
                WATCHDOG, "", "", false, List.of("a guest that falls silent is reset; needs a driver in its kernel")));
        flags.add(new Flag(PVPANIC, "", "", false, List.of("the guest's kernel can tell of a panic")));
        flags.add(new Flag(
                CONFIG,
                "",
                "<path>",
                false,
                List.of("a file that says all of the machine: JSON, as vm.create has it")));
        flags.add(new Flag(API_SOCKET, "", "<path>|fd=<fd>", false, List.of("serve the API on a Unix socket")));
        flags.add(new Flag(NO_SHUTDOWN, "", "", false, List.of("stay when the guest has powered off")));
        flags.add(new Flag(
                EVENT_MONITOR, "", "path=<path>|fd=<fd>", false, List.of("tell what happens, as objects of JSON")));
        flags.add(new Flag(LOG_FILE, "", "<path>", false, List.of("log to a file (standard error)")));
        flags.add(new Flag(
                LOG_FORMAT,
                "",
                "<template>",
                false,
                List.of("lines of the log, of {boottime}, {wallclock}, {glog}, {localglog}, {thread}, {level},"
                        + " {location} and {msg}")));
        flags.add(new Flag(VERBOSE, "", "", true, List.of("log more; up to three times")));
        flags.add(new Flag(
                SECCOMP,
                "",
                "true|false|log|errno",
                false,
                List.of("what becomes of a system call that a daemon must not make (true: it ends the daemon)")));
        flags.add(new Flag(
                DAEMON_UIDS,
                "",
                "<first>-<last>",
                false,
                List.of("of these users, who are nobody else, each daemon gets one for itself; takes root")));
        flags.add(new Flag(
                LANDLOCK,
                "",
                "",
                false,
                List.of("reach no files but those that the options name; none that are hot-plugged, without a rule")));
        flags.add(new Flag(LANDLOCK_RULES, "", "<options>", true, List.of("files to reach beside those")));
        return List.copyOf(flags);
    }

    /** The table behind a flag's keys, for its help. */
    static Optional<OptionTable<?>> table(Flag flag) {
        return switch (flag.name()) {
            case CPUS -> Optional.of(CpusConfig.TABLE);
            case MEMORY -> Optional.of(MemoryConfig.TABLE);
            case DISK -> Optional.of(DiskConfig.TABLE);
            case NET -> Optional.of(NetConfig.TABLE);
            case FS -> Optional.of(FsConfig.TABLE);
            case GENERIC -> Optional.of(GenericConfig.TABLE);
            case VSOCK -> Optional.of(VsockConfig.TABLE);
            case SERIAL -> Optional.of(ConsoleConfig.SERIAL_TABLE);
            case CONSOLE -> Optional.of(ConsoleConfig.TABLE);
            case DEBUG_CONSOLE -> Optional.of(DebugConsoleConfig.TABLE);
            case PMEM -> Optional.of(PmemConfig.TABLE);
            case BALLOON -> Optional.of(BalloonConfig.TABLE);
            case RNG -> Optional.of(RngConfig.TABLE);
            case PLATFORM -> Optional.of(PlatformOptions.TABLE);
            case PCI_SEGMENT -> Optional.of(PciSegmentConfig.TABLE);
            case EVENT_MONITOR -> Optional.of(EventMonitorConfig.TABLE);
            case LANDLOCK_RULES -> Optional.of(LandlockRule.TABLE);
            default -> Optional.empty();
        };
    }
}
