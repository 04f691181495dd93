package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * A virtual machine.
 *
 * @param payload what it boots
 * @param cpus its vCPUs
 * @param memory its RAM
 * @param disks its disks
 * @param nets its network devices
 * @param fs its shared folders
 * @param generics its devices of any type, which others serve
 * @param vsock its sockets to the host
 * @param pmem files that it has as persistent memory
 * @param balloon by which it gives memory back
 * @param rng its source of randomness
 * @param serial its serial port, COM1
 * @param console its virtio console
 * @param debugConsole its port for bytes that are printed
 * @param watchdog whether a guest that falls silent is reset
 * @param pvpanic whether its kernel can tell us of a panic
 * @param platform the machine itself
 * @param pciSegments shares of its PCI segments, of those that are to weigh more than others
 * @param landlock the files that its VMM, confined by Landlock, may reach beside those that are named here; empty: it need not
 *     be confined
 */
public record VmConfig(
        PayloadConfig payload,
        CpusConfig cpus,
        MemoryConfig memory,
        List<DiskConfig> disks,
        List<NetConfig> nets,
        List<FsConfig> fs,
        List<GenericConfig> generics,
        Optional<VsockConfig> vsock,
        List<PmemConfig> pmem,
        Optional<BalloonConfig> balloon,
        RngConfig rng,
        ConsoleConfig serial,
        ConsoleConfig console,
        DebugConsoleConfig debugConsole,
        boolean watchdog,
        boolean pvpanic,
        PlatformConfig platform,
        List<PciSegmentConfig> pciSegments,
        Optional<List<LandlockRule>> landlock) {
    private static final Option<VmConfig, PayloadConfig> PAYLOAD = Option.of(
            "",
            "payload",
            OptionTypes.record(PayloadConfig.TABLE),
            PayloadConfig.TABLE.defaults(),
            VmConfig::payload,
            "what it boots");
    private static final Option<VmConfig, CpusConfig> CPUS = Option.of(
            "cpus", OptionTypes.record(CpusConfig.TABLE), CpusConfig.TABLE.defaults(), VmConfig::cpus, "vCPUs");
    private static final Option<VmConfig, MemoryConfig> MEMORY = Option.of(
            "memory", OptionTypes.record(MemoryConfig.TABLE), MemoryConfig.TABLE.defaults(), VmConfig::memory, "RAM");
    private static final Option<VmConfig, List<DiskConfig>> DISKS = Option.of(
            "disk",
            "disks",
            OptionTypes.list(OptionTypes.record(DiskConfig.TABLE)),
            List.of(),
            VmConfig::disks,
            "a disk, in a process of its own");
    private static final Option<VmConfig, List<NetConfig>> NETS = Option.of(
            "net",
            OptionTypes.list(OptionTypes.laterRecord(() -> NetConfig.TABLE)), // most machines have none: costs at start
            List.of(),
            VmConfig::nets,
            "a network device, in a process of its own");
    private static final Option<VmConfig, List<FsConfig>> FS = Option.of(
            "fs",
            OptionTypes.list(OptionTypes.laterRecord(() -> FsConfig.TABLE)), // as with nets
            List.of(),
            VmConfig::fs,
            "a shared folder, in a process of its own");
    private static final Option<VmConfig, List<GenericConfig>> GENERICS = Option.of(
            "generic-vhost-user",
            "generic_vhost_user",
            OptionTypes.list(OptionTypes.laterRecord(() -> GenericConfig.TABLE)), // as with nets
            List.of(),
            VmConfig::generics,
            "a virtio device of any type, in a process of others");
    private static final Option<VmConfig, Optional<VsockConfig>> VSOCK = Option.of(
            "vsock",
            OptionTypes.optional(OptionTypes.laterRecord(() -> VsockConfig.TABLE)), // as with nets
            Optional.empty(),
            VmConfig::vsock,
            "sockets between guest and host");
    private static final Option<VmConfig, List<PmemConfig>> PMEM = Option.of(
            "pmem",
            OptionTypes.list(OptionTypes.laterRecord(() -> PmemConfig.TABLE)), // as with nets
            List.of(),
            VmConfig::pmem,
            "a file as persistent memory");
    private static final Option<VmConfig, Optional<BalloonConfig>> BALLOON = Option.of(
            "balloon",
            OptionTypes.optional(OptionTypes.laterRecord(() -> BalloonConfig.TABLE)), // as with nets
            Optional.empty(),
            VmConfig::balloon,
            "memory that the guest gives back");
    private static final Option<VmConfig, RngConfig> RNG = Option.of(
            "rng", OptionTypes.record(RngConfig.TABLE), RngConfig.DEFAULT, VmConfig::rng, "source of randomness");
    private static final Option<VmConfig, ConsoleConfig> SERIAL = Option.of(
            "serial",
            OptionTypes.record(ConsoleConfig.SERIAL_TABLE),
            ConsoleConfig.NULL,
            VmConfig::serial,
            "serial port");
    private static final Option<VmConfig, ConsoleConfig> CONSOLE = Option.of(
            "console", OptionTypes.record(ConsoleConfig.TABLE), ConsoleConfig.TTY, VmConfig::console, "virtio console");
    private static final Option<VmConfig, DebugConsoleConfig> DEBUG_CONSOLE = Option.of(
            "debug-console",
            "debug_console",
            OptionTypes.record(DebugConsoleConfig.TABLE),
            DebugConsoleConfig.OFF,
            VmConfig::debugConsole,
            "a port whose bytes are printed");
    private static final Option<VmConfig, Boolean> WATCHDOG = Option.of(
            "watchdog", OptionTypes.toggle(), false, VmConfig::watchdog, "a guest that falls silent is reset");
    private static final Option<VmConfig, Boolean> PVPANIC = Option.of(
            "pvpanic", OptionTypes.toggle(), false, VmConfig::pvpanic, "the guest's kernel can tell of a panic");

    private static final Option<VmConfig, PlatformConfig> PLATFORM = Option.of(
            "platform",
            OptionTypes.laterRecord(() -> PlatformOptions.TABLE), // as with nets
            PlatformConfig.DEFAULT,
            VmConfig::platform,
            "the machine itself");
    private static final Option<VmConfig, List<PciSegmentConfig>> PCI_SEGMENTS = Option.of(
            "pci-segment",
            "pci_segments",
            OptionTypes.list(OptionTypes.laterRecord(() -> PciSegmentConfig.TABLE)), // as with nets
            List.of(),
            VmConfig::pciSegments,
            "a PCI segment's share of addresses");

    private static final Option<VmConfig, Boolean> LANDLOCK = Option.of(
            "landlock",
            "landlock_enable",
            OptionTypes.toggle(),
            false,
            c -> c.landlock.isPresent(),
            "only for a VMM that is confined by Landlock");
    private static final Option<VmConfig, List<LandlockRule>> LANDLOCK_RULES = Option.of(
            "landlock-rules",
            "landlock_rules",
            OptionTypes.list(OptionTypes.laterRecord(() -> LandlockRule.TABLE)), // as with nets
            List.of(),
            c -> c.landlock.orElse(List.of()),
            "what else that may reach");

    /** JSON, as {@code vm.create} takes it; in flags each option is a flag of its own. */
    public static final OptionTable<VmConfig> TABLE = OptionTable.of(
                    "VmConfig",
                    v -> new VmConfig(
                            v.get(PAYLOAD),
                            v.get(CPUS),
                            v.get(MEMORY),
                            v.get(DISKS),
                            v.get(NETS),
                            v.get(FS),
                            v.get(GENERICS),
                            v.get(VSOCK),
                            v.get(PMEM),
                            v.get(BALLOON),
                            v.get(RNG),
                            v.get(SERIAL),
                            v.get(CONSOLE),
                            v.get(DEBUG_CONSOLE),
                            v.get(WATCHDOG),
                            v.get(PVPANIC),
                            v.get(PLATFORM),
                            v.get(PCI_SEGMENTS),
                            landlock(v)),
                    PAYLOAD,
                    CPUS,
                    MEMORY,
                    DISKS,
                    NETS,
                    FS,
                    GENERICS,
                    VSOCK,
                    PMEM,
                    BALLOON,
                    RNG,
                    SERIAL,
                    CONSOLE,
                    DEBUG_CONSOLE,
                    WATCHDOG,
                    PVPANIC,
                    PLATFORM,
                    PCI_SEGMENTS,
                    LANDLOCK,
                    LANDLOCK_RULES)
            .required("payload")
            .unsupported(
                    "devices",
                    "user_devices",
                    "vdpa",
                    "numa",
                    "tpm",
                    "rtc!",
                    "iommu",
                    "rate_limit_groups",
                    "ivshmem!",
                    "pvmemcontrol!",
                    "gdb");

    private static Optional<List<LandlockRule>> landlock(OptionValues v) {
        if (!v.get(LANDLOCK) && !v.get(LANDLOCK_RULES).isEmpty()) {
            throw new OptionException("does nothing without landlock_enable: give both").in("landlock_rules");
        }
        return v.get(LANDLOCK) ? Optional.of(List.copyOf(v.get(LANDLOCK_RULES))) : Optional.empty();
    }

    /**
     * Copies the lists, and names the devices that have no name: {@code _disk0}, {@code _net0}, {@code _fs0},
     * {@code _generic_vhost_user0}, {@code _vsock0}, {@code _pmem0}.
     */
    public VmConfig {
        Set<String> taken = ids(disks, nets, fs, generics, vsock, pmem);
        balloon.ifPresent(one -> taken.add(one.id()));
        taken.add(rng.id());
        taken.add(console.id());
        List<DiskConfig> named = new ArrayList<>();
        for (DiskConfig disk : disks) {
            named.add(!disk.id().isEmpty() ? disk : disk.named(free("_disk", taken)));
        }
        disks = List.copyOf(named);
        List<NetConfig> called = new ArrayList<>();
        for (NetConfig net : nets) {
            called.add(!net.id().isEmpty() ? net : net.with(free("_net", taken), net.mac()));
        }
        nets = List.copyOf(called);
        List<FsConfig> folders = new ArrayList<>();
        for (FsConfig folder : fs) {
            folders.add(!folder.id().isEmpty() ? folder : folder.named(free("_fs", taken)));
        }
        fs = List.copyOf(folders);
        List<GenericConfig> others = new ArrayList<>();
        for (GenericConfig generic : generics) {
            others.add(!generic.id().isEmpty() ? generic : generic.named(free("_generic_vhost_user", taken)));
        }
        generics = List.copyOf(others);
        vsock = vsock.map(one -> !one.id().isEmpty() ? one : one.named(free("_vsock", taken)));
        List<PmemConfig> files = new ArrayList<>();
        for (PmemConfig file : pmem) {
            files.add(!file.id().isEmpty() ? file : file.named(free("_pmem", taken)));
        }
        pmem = List.copyOf(files);
        pciSegments = List.copyOf(pciSegments);
    }

    private static String free(String kind, Set<String> taken) {
        int number = 0;
        while (!taken.add(kind + number)) {
            number++;
        }
        return kind + number;
    }

    private static Set<String> ids(
            List<DiskConfig> disks,
            List<NetConfig> nets,
            List<FsConfig> fs,
            List<GenericConfig> generics,
            Optional<VsockConfig> vsock,
            List<PmemConfig> pmem) {
        Set<String> ids = new HashSet<>();
        disks.forEach(disk -> ids.add(disk.id()));
        nets.forEach(net -> ids.add(net.id()));
        fs.forEach(folder -> ids.add(folder.id()));
        generics.forEach(generic -> ids.add(generic.id()));
        vsock.ifPresent(one -> ids.add(one.id()));
        pmem.forEach(file -> ids.add(file.id()));
        return ids;
    }

    /** The names of those of its devices that may come and go. */
    public Set<String> ids() {
        return ids(disks, nets, fs, generics, vsock, pmem);
    }

    /** The paths of the sockets that its consoles are, which the VMM makes with the VM. */
    public List<String> consoleSockets() {
        List<String> paths = new ArrayList<>();
        serial.ownSocket().ifPresent(paths::add);
        console.ownSocket().ifPresent(paths::add);
        return paths;
    }

    /** The paths of sockets that the VMM itself makes for it. */
    public List<String> ownSockets() {
        List<String> paths = new ArrayList<>();
        vsock.ifPresent(one -> paths.add(one.socket()));
        paths.addAll(consoleSockets());
        for (NetConfig net : nets) {
            if (net.backend() instanceof NetBackend.Socket socket && socket.mode() == NetBackend.Mode.SERVER) {
                paths.add(socket.path());
            }
        }
        return paths;
    }

    /** The same with one more disk. */
    public VmConfig plus(DiskConfig disk) {
        return changed(draft -> draft.disks = and(disks, disk));
    }

    /** The same with one more network device. */
    public VmConfig plus(NetConfig net) {
        return changed(draft -> draft.nets = and(nets, net));
    }

    /** The same with one more shared folder. */
    public VmConfig plus(FsConfig folder) {
        return changed(draft -> draft.fs = and(fs, folder));
    }

    /** The same with one more device of any type. */
    public VmConfig plus(GenericConfig generic) {
        return changed(draft -> draft.generics = and(generics, generic));
    }

    /** The same with sockets to the host, of which there is one device at most: another one takes its place. */
    public VmConfig plus(VsockConfig sockets) {
        return changed(draft -> draft.vsock = Optional.of(sockets));
    }

    /** The same with one more file as persistent memory. */
    public VmConfig plus(PmemConfig file) {
        return changed(draft -> draft.pmem = and(pmem, file));
    }

    private VmConfig changed(Consumer<VmDraft> change) {
        VmDraft draft = new VmDraft(this);
        change.accept(draft);
        return draft.config();
    }

    private static <D> List<D> and(List<D> devices, D device) {
        List<D> more = new ArrayList<>(devices);
        more.add(device);
        return more;
    }

    /** The same without the device of this name. */
    public VmConfig without(String id) {
        return changed(draft -> draft.keep(name -> !name.equals(id)));
    }

    /** The devices that another configuration has not, and nothing else: no payload. */
    public VmConfig beyond(VmConfig other) {
        Set<String> there = other.ids();
        return changed(draft -> {
            draft.payload = PayloadConfig.TABLE.defaults();
            draft.keep(name -> !there.contains(name));
        });
    }

    /** The same in that size. */
    public VmConfig with(CpusConfig otherCpus, MemoryConfig otherMemory, Optional<BalloonConfig> otherBalloon) {
        return changed(draft -> {
            draft.cpus = otherCpus;
            draft.memory = otherMemory;
            draft.balloon = otherBalloon;
        });
    }

    /** The same with the pseudo-terminals that its consoles have now, or with none; of no effect on other consoles. */
    public VmConfig with(
            Optional<String> serialTerminal, Optional<String> consoleTerminal, Optional<String> debugTerminal) {
        return changed(draft -> {
            draft.serial = serial.with(serialTerminal);
            draft.console = console.with(consoleTerminal);
            draft.debugConsole = debugConsole.with(debugTerminal);
        });
    }

    /**
     * The same, where every network device has an Ethernet address.
     *
     * @param random bits for those that have none, see {@link MacAddress#local}
     */
    public VmConfig addressed(Supplier<Long> random) {
        return changed(draft -> draft.nets = nets.stream()
                .map(net ->
                        net.mac().isPresent() ? net : net.with(net.id(), Optional.of(MacAddress.local(random.get()))))
                .toList());
    }

    /** What is accepted, for the sake of tools that write it, but not done as it may be meant: a line each. */
    public List<String> unheeded() {
        List<String> lines = new ArrayList<>();
        unheeded(lines, cpus.maxVcpus() > cpus.bootVcpus(), "--cpus max above boot");
        unheeded(lines, memory.reserve() && !memory.hugepages(), "--memory reserve without hugepages=on");
        unheeded(lines, memory.hotplugSize().isPresent(), "--memory hotplug_size");
        unheeded(lines, memory.hugepages() && balloon.isPresent(), "--balloon with --memory hugepages=on");
        for (DiskConfig disk : disks) {
            disk.unheeded().forEach(line -> lines.add("--disk " + disk.id() + " " + line));
        }
        if (serial.mode() == ConsoleMode.TTY && console.mode() == ConsoleMode.TTY) {
            lines.add("--serial and --console share the terminal, and what is typed goes to the serial port:"
                    + " lead one of them elsewhere, as with --console off");
        }
        return lines;
    }

    private static void unheeded(List<String> lines, boolean given, String option) {
        if (given) {
            lines.add(option + " has no effect yet");
        }
    }

    /**
     * The same, told of the VMM's own confinement.
     *
     * @param ofVmm what the VMM may reach beside what it was told of at its start; empty: it is not confined
     * @throws OptionException if more is asked for
     */
    public VmConfig confined(Optional<List<LandlockRule>> ofVmm) {
        if (landlock.isPresent() && ofVmm.isEmpty()) {
            throw new OptionException(
                    LANDLOCK.field() + ": this VMM is not confined: start the VMM with --landlock, or leave it out");
        }
        for (LandlockRule rule : landlock.orElse(List.of())) {
            if (!rule.isCovered(ofVmm.orElse(List.of()))) {
                throw new OptionException(LANDLOCK_RULES.field() + ": the VMM may not reach " + rule.path()
                        + " so: start the VMM with --landlock-rules path=" + rule.path() + ",access="
                        + rule.access().word());
            }
        }
        return landlock.equals(ofVmm) ? this : changed(draft -> draft.landlock = ofVmm);
    }

    /** What is wrong with it, on a host like this; empty: it can be run. */
    public List<Problem> problems(HostLimits host) {
        return VmProblems.of(this, host);
    }
}
