package ringfence.vmm.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.process.BadInputException;
import ringfence.process.Log;
import ringfence.vmm.boot.BootState;
import ringfence.vmm.config.BalloonConfig;
import ringfence.vmm.config.CpusConfig;
import ringfence.vmm.config.HostLimits;
import ringfence.vmm.config.MemoryConfig;
import ringfence.vmm.config.PciPlace;
import ringfence.vmm.config.PciSegmentConfig;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.RngConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.device.local.Balloon;
import ringfence.vmm.device.local.Rng;
import ringfence.vmm.device.local.Watchdog;
import ringfence.vmm.event.Event;
import ringfence.vmm.kvm.CpuidEntry;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmFitness;
import ringfence.vmm.legacy.EventDevice;
import ringfence.vmm.legacy.PowerListener;
import ringfence.vmm.legacy.Serial16550;
import ringfence.vmm.pci.PanicListener;
import ringfence.vmm.plan.AddressRange;
import ringfence.vmm.plan.Cpuid;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.Smbios;
import ringfence.vmm.plan.Topology;
import ringfence.vmm.plan.acpi.AcpiPlan;
import ringfence.vmm.plan.acpi.AcpiTables;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.RuntimeDirectory;

/**
 * What a machine is made of, in the order of its making. Used by the owner only; closes what it has made in the reverse
 * order, also when a part fails half-way.
 */
final class MachineParts implements AutoCloseable {
    private final Linux linux;
    private final VmConfig config;
    private final MachineProxy proxy;
    private final Log log;
    private final Deque<AutoCloseable> made = new ArrayDeque<>();
    private final VmSlot slot = new VmSlot();
    private final Topology topology;
    private final Kvm kvm;
    private final List<CpuidEntry> supported;
    private final MemoryMap map;
    private final List<MemoryMap.Segment> segments;
    private final GuestRam ram;
    private final Consoles consoles;
    private final Platform platform;
    private final HotPlug hotPlug;
    private Optional<Watchdog> watchdog = Optional.empty();
    private Optional<Balloon> balloon = Optional.empty();
    private CompletableFuture<BootState> firstLoad;
    private Serial16550 serial; // of this boot

    MachineParts(
            Linux linux, VmConfig config, RuntimeOptions options, Admission admission, MachineProxy proxy, Log log) {
        this.linux = linux;
        this.config = config;
        this.proxy = proxy;
        this.log = log;
        try {
            topology = topology(config.cpus());
            kvm = made(Kvm.open(linux, Kvm.DEVICE));
            KvmFitness.check(linux);
            checkVcpus(config, kvm.caps().maxVcpus());
            supported = kvm.supportedCpuid();
            map = MemoryMap.of(
                    config.memory().size(), Math.min(config.cpus().maxPhysBits(), Cpuid.physBits(supported)));
            segments = segments();
            ram = made(new GuestRam(linux, ranges(map), ramOptions(config.memory())));
            RuntimeDirectory directory = runtimeDirectory();
            made(proxy.counters().open(directory.counters(), config));
            DaemonBoxes boxes = DaemonBoxes.of(linux, options.home(), options.filters());
            DaemonStarter daemons = made(new DaemonStarter(linux, options, boxes, directory, proxy));
            List<PluggedDevice> devices = new ArrayList<>(); // their daemons start now, beside all that follows
            config.disks().forEach(disk -> devices.add(daemons.disk(disk, ram.table())));
            config.nets().forEach(net -> devices.add(daemons.net(net, ram.table())));
            config.fs().forEach(fs -> devices.add(daemons.fs(fs, ram.table())));
            config.generics().forEach(generic -> devices.add(daemons.generic(generic, ram.table())));
            config.vsock().ifPresent(vsock -> devices.add(daemons.vsock(vsock, ram.table())));
            config.pmem().forEach(pmem -> devices.add(daemons.pmem(pmem, ram.table())));
            firstLoad = load();
            consoles = proxy.consoles(linux, config);
            made(consoles.begin());
            proxy.counters().losses(consoles.losses());
            platform = made(
                    new Platform(linux, proxy, map, segments, slot, kvm.caps().gsiRoutes()));
            config.balloon().ifPresent(this::makeBalloon);
            plug(devices);
            made(consoles.watchSize());
            hotPlug = made(new HotPlug(
                    consoles.opened(config),
                    admission,
                    proxy,
                    daemons,
                    ram.table(),
                    platform,
                    this::resizeBalloon,
                    log));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static void checkVcpus(VmConfig config, int most) {
        List<Problem> problems = config.cpus().problems(new HostLimits(most, Long.MAX_VALUE));
        if (!problems.isEmpty()) {
            throw new BadInputException(problems.getFirst().line());
        }
    }

    private <T extends AutoCloseable> T made(T part) {
        made.push(part);
        return part;
    }

    private RuntimeDirectory runtimeDirectory() {
        try {
            return made(RuntimeDirectory.create(linux));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the runtime directory: " + e.getMessage(), e);
        }
    }

    private static Topology topology(CpusConfig cpus) {
        return cpus.topology()
                .map(t -> new Topology(t.threadsPerCore(), t.coresPerDie(), t.diesPerPackage(), t.packages()))
                .orElseGet(() -> Topology.flat(cpus.maxVcpus()));
    }

    private static List<GuestRam.Range> ranges(MemoryMap map) {
        return map.ram().stream()
                .map(range -> new GuestRam.Range(range.base(), range.size()))
                .toList();
    }

    private static RamOptions ramOptions(MemoryConfig memory) {
        long hugePage = memory.hugepages() ? memory.hugepageSize().orElseGet(() -> HugePage.ofHost(memory.size())) : 0;
        return new RamOptions(hugePage, memory.prefault(), memory.thp(), memory.mergeable());
    }

    private List<MemoryMap.Segment> segments() {
        int count = config.platform().numPciSegments();
        if (config.pciSegments().isEmpty()) {
            return map.segments(count);
        }
        List<PciSegmentConfig> shares = PciSegmentConfig.all(count, config.pciSegments());
        return map.segments(
                shares.stream().map(PciSegmentConfig::below4Gib).toList(),
                shares.stream().map(PciSegmentConfig::above4Gib).toList());
    }

    private Watchdog watchdog() {
        String how = "the watchdog has heard nothing for " + TimeUnit.NANOSECONDS.toSeconds(Watchdog.PATIENCE) + " s";
        return new Watchdog(
                linux, "__watchdog", ram.table(), Watchdog.PATIENCE, () -> proxy.post(new MachineCommand.Reset(how)));
    }

    /** In this order where they may be anywhere: guests find them where they were the last time. */
    private void plug(List<PluggedDevice> devices) {
        consoles.console(ram.table())
                .ifPresent(
                        device -> devices.add(new PluggedDevice(config.console().place(), device)));
        RngConfig rng = config.rng();
        devices.add(new PluggedDevice(rng.place(), new Rng(linux, rng.id(), rng.src(), ram.table())));
        balloon.ifPresent(device ->
                devices.add(new PluggedDevice(config.balloon().orElseThrow().place(), device)));
        for (boolean placed : new boolean[] {true, false}) { // those with a place first: nobody is to take it before
            for (PluggedDevice device : devices) {
                if (device.place().device().isPresent() == placed) {
                    platform.plug(device.place(), device.device());
                }
            }
        }
        if (config.watchdog()) {
            watchdog = Optional.of(watchdog());
            platform.plug(PciPlace.ANY, watchdog.get());
        }
        if (config.pvpanic()) {
            platform.plugPvPanic(new PanicListener() {
                @Override
                public void panicked() {
                    proxy.events().tell(Event.GuestPanic.PANIC);
                    proxy.post(new MachineCommand.Panic());
                }

                @Override
                public void crashLoaded() {
                    proxy.events().tell(Event.GuestPanic.CRASH_LOADED);
                    log.warn("the guest has crashed and goes on in its crash kernel (pvpanic)");
                }
            });
        }
    }

    private void makeBalloon(BalloonConfig wanted) {
        Balloon device = new Balloon(linux, wanted.id(), wanted, ram);
        balloon = Optional.of(device);
        proxy.counters().balloon(device.id(), device::counters, device::size);
    }

    private void resizeBalloon(long bytes) {
        balloon.ifPresent(device -> device.resize(bytes));
    }

    private CompletableFuture<BootState> load() {
        List<AcpiPlan.PciRoot> roots = new ArrayList<>();
        for (MemoryMap.Segment segment : segments) {
            roots.add(new AcpiPlan.PciRoot(
                    roots.size(), segment.ecam().base(), window(segment.below4Gib()), window(segment.above4Gib())));
        }
        AcpiTables tables = AcpiTables.build(AcpiPlan.of(
                topology.apicIds().subList(0, config.cpus().bootVcpus()),
                roots,
                new AcpiPlan.Events(EventDevice.IRQ, window(map.eventRegister()), window(map.hotPlugRegisters())),
                Consoles.hasSerial(config)));
        return new Payload(
                        linux,
                        config.payload().kernel(),
                        config.payload().initramfs(),
                        config.payload().cmdline())
                .load(ram.table(), map, tables, Smbios.of(config.platform().smbios()));
    }

    private static AcpiPlan.Window window(AddressRange range) {
        return new AcpiPlan.Window(range.base(), range.size());
    }

    /** What it is made of, the pseudo-terminals that were made for its consoles included. */
    VmConfig opened() {
        return consoles.opened(config);
    }

    /** See {@link Platform#devices}. */
    List<MachineState.DeviceEntry> devices() {
        return platform.devices();
    }

    /** Devices that come and go while the guest runs. */
    HotPlug hotPlug() {
        return hotPlug;
    }

    /** The vCPUs stand still from now on, or go on: who waits for the guest is told. */
    void standStill(boolean still) {
        watchdog.ifPresent(device -> device.standStill(still));
    }

    /** What is missing of devices' memory, as one line; empty: nothing. */
    Optional<String> missingMemory() {
        return platform.missingMemory();
    }

    /** Presses the power button. */
    void powerButton() {
        platform.powerButton();
    }

    /** The payload in guest memory: for the first boot it is on its way already. */
    CompletableFuture<BootState> payloadInMemory() {
        CompletableFuture<BootState> loading = firstLoad == null ? load() : firstLoad;
        firstLoad = null;
        return loading;
    }

    /** KVM's side of the next boot. */
    Processors newProcessors(VcpuEvents events) {
        Processors processors = new Processors(
                linux,
                kvm,
                supported,
                topology,
                config.cpus().bootVcpus(),
                map.physBits(),
                config.cpus().nested(),
                ram.table(),
                platform.buses(),
                proxy.counters()::exits,
                new VcpuPlacement(linux, config.cpus()),
                events);
        slot.put(processors.vm());
        return processors;
    }

    /** The legacy ports of the next boot. */
    void newPorts(PowerListener power, Processors processors) {
        serial = platform.newPorts(
                power,
                consoles,
                processors.keptWrites(Serial16550.COM1),
                code -> log.debug(() -> "boot stage " + code));
        consoles.attach(serial);
    }

    /** See {@link Platform#reset}. */
    CompletableFuture<Void> reset() {
        return platform.reset();
    }

    /** See {@link Platform#isReset}. */
    boolean isReset(CompletableFuture<Void> reset, long nanos) throws InterruptedException {
        return platform.isReset(reset, nanos);
    }

    /** See {@link Platform#resetting}. */
    List<String> resetting() {
        return platform.resetting();
    }

    /** Takes a boot's VM away. Its vCPUs have stopped. */
    void retire(Processors processors) {
        slot.put(null);
        if (serial != null) {
            serial.stop();
            serial = null;
        }
        processors.close();
    }

    @Override
    public void close() {
        List<Exception> failures = new ArrayList<>();
        while (!made.isEmpty()) {
            try {
                made.pop().close();
            } catch (Exception e) {
                failures.add(e);
            }
        }
        failures.forEach(e -> log.error("while the machine ended: " + e.getMessage(), e));
    }
}
