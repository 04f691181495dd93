package ringfence.vmm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.process.LogFormat;
import ringfence.process.LogLevel;
import ringfence.sandbox.FilterMode;
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
import ringfence.vmm.config.PlatformConfig;
import ringfence.vmm.config.PlatformOptions;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.RngConfig;
import ringfence.vmm.config.UserRange;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.config.VsockConfig;

/**
 * A command line to run a VM, in records.
 *
 * @param config the machine; empty: none, where the API is served and no flag says anything of one
 * @param apiSocket where the API is served
 * @param eventMonitor where it is told what happens; empty: nowhere
 * @param noShutdown whether the VMM stays when the guest has powered off
 * @param filters what becomes of a system call that a daemon must not make
 * @param daemonUsers of whom each daemon gets one for itself; empty: they are ours
 * @param landlock the files that the VMM may reach beside those that it is told of here; empty: it is not confined
 * @param level what is logged
 * @param logFile where to; empty: standard error
 * @param logFormat its lines; empty: as we have them
 * @param warnings what the user should know, a line each
 */
record VmArguments(
        Optional<VmConfig> config,
        Optional<ApiSocket> apiSocket,
        Optional<EventMonitorConfig> eventMonitor,
        boolean noShutdown,
        FilterMode filters,
        Optional<UserRange> daemonUsers,
        Optional<List<LandlockRule>> landlock,
        LogLevel level,
        Optional<Path> logFile,
        Optional<LogFormat> logFormat,
        List<String> warnings) {
    /** What was written. @throws OptionException one line that names the flag */
    static VmArguments of(Arguments a) {
        List<String> warnings = new ArrayList<>();
        Optional<List<LandlockRule>> landlock = landlock(a);
        Optional<VmConfig> config = machine(a, warnings, landlock);
        config.ifPresent(machine -> warnings.addAll(machine.unheeded()));
        return new VmArguments(
                config,
                a.value(Flags.API_SOCKET).map(ApiSocket::parse),
                a.value(Flags.EVENT_MONITOR).map(text -> parse(Flags.EVENT_MONITOR, EventMonitorConfig.TABLE, text)),
                a.has(Flags.NO_SHUTDOWN),
                a.value(Flags.SECCOMP).map(VmArguments::filters).orElse(FilterMode.TRUE),
                a.value(Flags.DAEMON_UIDS).map(VmArguments::users),
                landlock,
                LogLevel.ofVerbosity(a.count(Flags.VERBOSE)),
                a.value(Flags.LOG_FILE).map(Path::of),
                a.value(Flags.LOG_FORMAT).map(LogFormat::of),
                List.copyOf(warnings));
    }

    private static Optional<VmConfig> machine(
            Arguments a, List<String> warnings, Optional<List<LandlockRule>> landlock) {
        Optional<String> said = Flags.ofMachine().stream().filter(a::has).findFirst();
        if (a.has(Flags.CONFIG)) {
            if (said.isPresent()) {
                throw new OptionException(
                        Flags.CONFIG + " says all of the machine: leave " + said.get() + " out, or write it there");
            }
            return a.value(Flags.CONFIG).map(path -> ConfigFile.read(path, landlock, warnings));
        }
        return a.has(Flags.API_SOCKET) && said.isEmpty() ? Optional.empty() : Optional.of(config(a, landlock));
    }

    private static Optional<List<LandlockRule>> landlock(Arguments a) {
        if (!a.has(Flags.LANDLOCK) && a.has(Flags.LANDLOCK_RULES)) {
            throw new OptionException(Flags.LANDLOCK_RULES + " does nothing without " + Flags.LANDLOCK + ": give both");
        }
        return a.has(Flags.LANDLOCK) ? Optional.of(all(a, Flags.LANDLOCK_RULES, LandlockRule.TABLE)) : Optional.empty();
    }

    private static UserRange users(String text) {
        return UserRange.parse(text)
                .orElseThrow(() -> new OptionException(Flags.DAEMON_UIDS + " '" + text
                        + "' is no range of users: give FIRST-LAST, 1 to 2147483647, without 65534 (nobody)"));
    }

    private static FilterMode filters(String word) {
        return FilterMode.of(word)
                .orElseThrow(() ->
                        new OptionException(Flags.SECCOMP + " '" + word + "' is none of true, false, log, errno"));
    }

    private static VmConfig config(Arguments a, Optional<List<LandlockRule>> landlock) {
        return new VmConfig(
                new PayloadConfig(
                        a.value("--kernel").orElse(""),
                        a.value("--initramfs"),
                        a.value("--cmdline").orElse("")),
                parse(Flags.CPUS, CpusConfig.TABLE, cpus(a)),
                parse(Flags.MEMORY, MemoryConfig.TABLE, a.value(Flags.MEMORY).orElse("")),
                all(a, Flags.DISK, DiskConfig.TABLE),
                all(a, Flags.NET, NetConfig.TABLE),
                all(a, Flags.FS, FsConfig.TABLE),
                all(a, Flags.GENERIC, GenericConfig.TABLE),
                a.value(Flags.VSOCK).map(text -> parse(Flags.VSOCK, VsockConfig.TABLE, text)),
                all(a, Flags.PMEM, PmemConfig.TABLE),
                a.value(Flags.BALLOON).map(text -> parse(Flags.BALLOON, BalloonConfig.TABLE, text)),
                parse(Flags.RNG, RngConfig.TABLE, a.value(Flags.RNG).orElse("")),
                console(a, Flags.SERIAL, ConsoleConfig.SERIAL_TABLE, ConsoleConfig.NULL),
                console(a, Flags.CONSOLE, ConsoleConfig.TABLE, ConsoleConfig.TTY),
                a.value(Flags.DEBUG_CONSOLE)
                        .map(text -> parse(Flags.DEBUG_CONSOLE, DebugConsoleConfig.TABLE, text))
                        .orElse(DebugConsoleConfig.OFF),
                a.has(Flags.WATCHDOG),
                a.has(Flags.PVPANIC),
                a.value(Flags.PLATFORM)
                        .map(text -> parse(Flags.PLATFORM, PlatformOptions.TABLE, text))
                        .orElse(PlatformConfig.DEFAULT),
                a.has(Flags.PCI_SEGMENT) ? all(a, Flags.PCI_SEGMENT, PciSegmentConfig.TABLE) : List.of(),
                landlock);
    }

    private static <R> List<R> all(Arguments a, String flag, OptionTable<R> table) {
        List<R> all = new ArrayList<>();
        for (String text : a.all(flag)) {
            all.add(parse(flag, table, text));
        }
        return all;
    }

    /** A bare number is what {@code boot=} is. */
    private static String cpus(Arguments a) {
        String text = a.value(Flags.CPUS).orElse("");
        return !text.isEmpty() && text.chars().allMatch(Character::isDigit) ? "boot=" + text : text;
    }

    private static ConsoleConfig console(
            Arguments a, String flag, OptionTable<ConsoleConfig> table, ConsoleConfig otherwise) {
        return a.value(flag).map(text -> parse(flag, table, text)).orElse(otherwise);
    }

    private static <R> R parse(String flag, OptionTable<R> table, String text) {
        try {
            return table.parse(text);
        } catch (OptionException e) {
            throw e.within(flag);
        }
    }
}
