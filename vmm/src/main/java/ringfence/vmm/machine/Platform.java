package ringfence.vmm.machine;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.BusConflictException;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.config.PciPlace;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.device.local.Pmem;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.legacy.AcpiPower;
import ringfence.vmm.legacy.DebugConsole;
import ringfence.vmm.legacy.DebugPort;
import ringfence.vmm.legacy.EventDevice;
import ringfence.vmm.legacy.I8042Reset;
import ringfence.vmm.legacy.KeptWrites;
import ringfence.vmm.legacy.PowerListener;
import ringfence.vmm.legacy.Rtc;
import ringfence.vmm.legacy.Serial16550;
import ringfence.vmm.legacy.SerialBackend;
import ringfence.vmm.pci.Aperture;
import ringfence.vmm.pci.ConfigPorts;
import ringfence.vmm.pci.HostBridge;
import ringfence.vmm.pci.HotPlugController;
import ringfence.vmm.pci.PanicListener;
import ringfence.vmm.pci.PciAddress;
import ringfence.vmm.pci.PciException;
import ringfence.vmm.pci.PciFunction;
import ringfence.vmm.pci.PciSegment;
import ringfence.vmm.pci.PvPanic;
import ringfence.vmm.plan.AddressRange;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.transport.VirtioPciFunction;

/**
 * What the guest finds on its buses: PCI functions, which last as long as the machine, and legacy ports, which each boot
 * makes anew. Changed by the machine's owner only.
 */
final class Platform implements AutoCloseable {
    private final Linux linux;
    private final MachineProxy owner;
    private final MemoryMap map;
    private final BusTable buses = new BusTable();
    private final Deadlines deadlines = new Deadlines();
    private final VmSlot slot;
    private final KvmMsiRouter router;
    private final KvmDoorbells doorbells;
    private final KvmMemorySlots memorySlots;
    private final List<PciSegment> segments = new ArrayList<>();
    private final SortedMap<PciAddress, VirtioPciFunction> functions = new TreeMap<>();
    private final EventDevice events;
    private final HotPlugController hotPlugs;
    private Consumer<PciAddress> ejected = _ -> {};
    private final List<PciFunction> others = new ArrayList<>();
    private Optional<MachineState.DeviceEntry> panic = Optional.empty();

    /** An empty one, with a host bridge on the first of these segments. */
    Platform(
            Linux linux, MachineProxy owner, MemoryMap map, List<MemoryMap.Segment> ranges, VmSlot slot, int gsiLimit) {
        this.linux = linux;
        this.owner = owner;
        this.map = map;
        this.slot = slot;
        router = new KvmMsiRouter(slot, gsiLimit);
        doorbells = new KvmDoorbells(slot);
        memorySlots = new KvmMemorySlots(slot);
        ranges.forEach(this::add);
        plug(OptionalInt.of(0), HostBridge.create());
        events = new EventDevice(slot.line(EventDevice.IRQ));
        hotPlugs = new HotPlugController(ranges.size(), this::eject, deadlines);
        buses.changeMmio(bus -> bus.with(map.eventRegister().base(), EventDevice.SIZE, events)
                .with(map.hotPlugRegisters().base(), HotPlugController.SIZE, hotPlugs));
    }

    private void add(MemoryMap.Segment ranges) {
        PciSegment segment = new PciSegment(
                segments.size(),
                aperture(ranges.below4Gib()),
                aperture(ranges.above4Gib()),
                buses,
                owner::execute,
                deadlines);
        segments.add(segment);
        buses.changeMmio(bus -> bus.with(ranges.ecam().base(), PciSegment.ECAM_SIZE, segment));
    }

    private static Aperture aperture(AddressRange range) {
        return new Aperture(range.base(), range.size());
    }

    private PciAddress plug(OptionalInt wanted, PciFunction function) {
        int slot = segments.getFirst().add(wanted, function);
        others.add(function);
        return new PciAddress(0, slot);
    }

    /**
     * Plugs a virtio device in, which belongs to the platform from here on.
     *
     * @return where it is
     * @throws ringfence.vmm.pci.PciException if there is no place for it; it is closed then
     */
    PciAddress plug(PciPlace place, VirtioDevice device) {
        VirtioPciFunction function =
                new VirtioPciFunction(device, linux.events(), router, doorbells, memorySlots, deadlines);
        EventSink told = owner.events();
        if (told.isOpen()) {
            function.listen(new DriverEvents(device.id(), told));
        }
        try {
            int slot = segments.get(place.segment()).add(place.device(), function.function());
            PciAddress at = new PciAddress(place.segment(), slot);
            functions.put(at, function);
            return at;
        } catch (PciException e) {
            function.close();
            throw e;
        }
    }

    /** Names who is told, on the owner's thread, that the guest has given a slot back that it was asked for. */
    void onEject(Consumer<PciAddress> action) {
        ejected = action;
    }

    private CompletionStage<Long> eject(int inSegment, int slots) {
        CompletableFuture<Long> done = new CompletableFuture<>();
        owner.execute(() -> {
            BitSet.valueOf(new long[] {slots & 0xFFFF_FFFFL}).stream()
                    .forEach(slot -> ejected.accept(new PciAddress(inSegment, slot)));
            done.complete(0L);
        });
        return done;
    }

    /** Tells the guest of a slot that was filled while it runs. */
    void announce(PciAddress at) {
        hotPlugs.filled(at.segment(), at.slot());
        events.raise(EventDevice.PCI);
    }

    /** Asks the guest to give a slot back. */
    void askFor(PciAddress at) {
        hotPlugs.askFor(at.segment(), at.slot());
        events.raise(EventDevice.PCI);
    }

    /** The guest's power button. */
    void powerButton() {
        events.raise(EventDevice.POWER_BUTTON);
    }

    /** Where the device of this name is; empty: there is none. */
    Optional<PciAddress> addressOf(String id) {
        return functions.entrySet().stream()
                .filter(entry -> entry.getValue().device().id().equals(id))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** The device of this name. */
    Optional<VirtioDevice> device(String id) {
        return functions.values().stream()
                .map(VirtioPciFunction::device)
                .filter(device -> device.id().equals(id))
                .findFirst();
    }

    /** Its virtio devices in the order of their slots, and pvpanic if there is that. */
    List<MachineState.DeviceEntry> devices() {
        List<MachineState.DeviceEntry> devices = new ArrayList<>();
        functions.forEach((at, function) -> devices.add(MachineState.DeviceEntry.of(at, function)));
        panic.ifPresent(devices::add);
        return devices;
    }

    /** The virtio device that is there. */
    MachineState.DeviceEntry deviceAt(PciAddress at) {
        return MachineState.DeviceEntry.of(at, functions.get(at));
    }

    /** What is missing of devices' memory, as one line; empty: nothing. */
    Optional<String> missingMemory() {
        return functions.values().stream()
                .map(VirtioPciFunction::device)
                .filter(device -> device instanceof Pmem pmem && pmem.missing() > 0)
                .map(device -> "the file of " + device.id() + " has been made shorter")
                .findFirst();
    }

    /** Empties a slot. What was in it is the caller's from here on; a vCPU may still be inside an access of it. */
    Optional<VirtioPciFunction> unplug(PciAddress at) {
        VirtioPciFunction function = functions.remove(at);
        if (function != null) {
            segments.get(at.segment()).remove(at.slot());
        }
        return Optional.ofNullable(function);
    }

    /** Plugs a pvpanic device in. */
    void plugPvPanic(PanicListener listener) {
        PciFunction function = PvPanic.create(listener);
        PciAddress at = plug(OptionalInt.empty(), function);
        panic = Optional.of(new MachineState.DeviceEntry("__pvpanic", at, function, Optional.empty()));
    }

    /** The buses that vCPUs reach. */
    BusTable buses() {
        return buses;
    }

    /** How long a guest's access may wait. */
    Deadlines deadlines() {
        return deadlines;
    }

    /**
     * Makes the ports of a boot.
     *
     * @param consoles where the serial port and the debug console lead, if there are any
     * @param serialWrites the serial port's output, for the hypervisor to keep
     * @param onStage told the codes that the guest writes to port 0x80, each once
     * @return the serial port, for input
     */
    Serial16550 newPorts(PowerListener power, Consoles consoles, KeptWrites serialWrites, IntConsumer onStage) {
        Serial16550 serial = new Serial16550(slot.line(Serial16550.COM1_IRQ), consoles.serialOutput(), serialWrites);
        long low = map.lowRam().size();
        Bus ports = Bus.EMPTY
                .with(AcpiPower.PORT, AcpiPower.SIZE, new AcpiPower(power))
                .with(I8042Reset.PORT, I8042Reset.SIZE, new I8042Reset(power))
                .with(Rtc.PORT, Rtc.SIZE, new Rtc(InstantSource.system(), low, map.ramSize() - low))
                .with(DebugPort.PORT, DebugPort.SIZE, new DebugPort(System::nanoTime, onStage))
                .with(ConfigPorts.PORT, ConfigPorts.SIZE, new ConfigPorts(segments.getFirst()));
        Bus withSerial = consoles.hasSerial() ? ports.with(Serial16550.COM1, Serial16550.SIZE, serial) : ports;
        Bus all = consoles.debugOutput()
                .map(output -> debugConsole(withSerial, consoles.debugPort(), output))
                .orElse(withSerial);
        buses.changePio(old -> all);
        events.reset();
        hotPlugs.reset();
        return serial;
    }

    private static Bus debugConsole(Bus ports, int port, SerialBackend output) {
        try {
            return ports.with(port, DebugConsole.SIZE, new DebugConsole(output));
        } catch (BusConflictException e) {
            throw new BadInputException("--debug-console iobase: " + e.getMessage() + ": choose another port", e);
        }
    }

    /**
     * Resets every PCI function, while no vCPU runs and the VM still exists.
     *
     * @return done when the devices have stopped: until then a daemon may write to guest memory. For {@link #isReset}
     */
    CompletableFuture<Void> reset() {
        others.forEach(PciFunction::reset);
        return CompletableFuture.allOf(functions.values().stream()
                .map(function -> function.reset().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    /** Waits until that is done, or for so long. */
    boolean isReset(CompletableFuture<Void> reset, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (!reset.isDone()) {
            // a reset may post work to the owner, which is this thread
            owner.runPosted();
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            try {
                reset.get(Math.min(left, TimeUnit.MILLISECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
            } catch (TimeoutException _) {
                // look at the queue again
            } catch (ExecutionException _) {
                break; // the function says so in its status; the guest resets it again
            }
        }
        return true;
    }

    /** The names of the devices that have not stopped yet since they were reset. */
    List<String> resetting() {
        return functions.values().stream()
                .filter(VirtioPciFunction::isResetting)
                .map(function -> function.device().id())
                .toList();
    }

    /** Ends all devices. No vCPU runs. */
    @Override
    public void close() {
        functions.values().forEach(VirtioPciFunction::close);
    }
}
