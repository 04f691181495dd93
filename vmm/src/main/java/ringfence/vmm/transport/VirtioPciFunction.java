package ringfence.vmm.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import ringfence.linux.EventFd;
import ringfence.linux.Events;
import ringfence.virtio.DeviceType;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.pci.Bar;
import ringfence.vmm.pci.ConfigSpace;
import ringfence.vmm.pci.PciFunction;
import ringfence.vmm.pci.PciIdentity;

/**
 * A virtio device as a PCI function (virtio 1.3, 4.1): modern only, one BAR for registers, MSI-X with a vector per queue and one for the
 * configuration. It owns the device, and the bells of its queues, for all its life.
 *
 * <p>Made, closed and reset by the owner of the machine; the guest's accesses come from vCPU threads.
 */
public final class VirtioPciFunction implements AutoCloseable {
    private static final int VENDOR = 0x1AF4;
    private static final int MODERN = 0x1040;
    private static final int MODERN_REVISION = 1;
    private static final int VENDOR_CAPABILITY = 9;
    private static final int MSIX_CAPABILITY = 0x11;
    private static final int COMMON_CFG = 1;
    private static final int NOTIFY_CFG = 2;
    private static final int ISR_CFG = 3;
    private static final int DEVICE_CFG = 4;
    private static final int PCI_CFG = 5;
    private static final int MSIX_ENABLE = 0x8000;
    private static final int MSIX_MASK_ALL = 0x4000;

    private final VirtioDevice device;
    private final List<EventFd> events = new ArrayList<>();
    private final Msix msix;
    private final Bells bells;
    private final DriverState state;
    private final PciFunction function;

    /**
     * A function for this device, which it takes over.
     *
     * @throws IllegalArgumentException if the device has more than 1024 queues
     */
    public VirtioPciFunction(
            VirtioDevice device,
            Events events,
            MsiRouter router,
            Doorbells doorbells,
            MemorySlots slots,
            Deadlines deadlines) {
        if (device.queueCount() > Layout.MAX_QUEUES) {
            throw new IllegalArgumentException("queues=" + device.queueCount() + " of at most " + Layout.MAX_QUEUES);
        }
        this.device = device;
        List<QueueEvents> bellsOfQueues = IntStream.range(0, device.queueCount())
                .mapToObj(i -> new QueueEvents(own(events), own(events)))
                .toList();
        msix = new Msix(device.queueCount() + 1, router);
        bells = new Bells(bellsOfQueues, doorbells);
        InterruptSource configInterrupt = msix.source(own(events));
        List<QueueRegisters> queues = new ArrayList<>();
        for (QueueEvents of : bellsOfQueues) {
            queues.add(new QueueRegisters(device.maxQueueSize(queues.size()), of, msix.source(of.call())));
        }
        state = new DriverState(device, deadlines, queues, bells, msix, configInterrupt);
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                state.configChanged();
            }

            @Override
            public void needsReset(String why) {
                state.needsReset(why);
            }
        });
        Readiness readiness = new Readiness(device, deadlines, state::needsReset);
        state.onReset(readiness::restart);
        CommonConfig common = new CommonConfig(state, queues, msix, configInterrupt, readiness);
        function = function(registers(common, new DeviceConfig(device, state, readiness, deadlines)), slots);
    }

    private EventFd own(Events from) {
        EventFd event = from.eventFd();
        events.add(event);
        return event;
    }

    private BusDevice registers(CommonConfig common, DeviceConfig config) {
        Bus bus = Bus.EMPTY
                .with(Layout.COMMON, Layout.COMMON_SIZE, common)
                .with(Layout.ISR, Layout.ISR_SIZE, new IsrRegister(state))
                .with(Layout.DEVICE, Layout.DEVICE_SIZE, config)
                .with(Layout.NOTIFY, Layout.NOTIFY_SIZE, bells)
                .with(Layout.MSIX_TABLE, Layout.MSIX_TABLE_SIZE, msix.table())
                .with(Layout.PBA, Layout.PBA_SIZE, msix.pendingBits());
        return new BusDevice() {
            @Override
            public Access read(long offset, int width, ReadValue into) {
                return bus.read(offset, width, into);
            }

            @Override
            public Access write(long offset, int width, long value) {
                return bus.write(offset, width, value);
            }
        };
    }

    private PciFunction function(BusDevice registers, MemorySlots slots) {
        int type = device.type();
        ConfigSpace space = new ConfigSpace(
                new PciIdentity(VENDOR, MODERN + type, MODERN_REVISION, classOf(type), VENDOR, MODERN + type));
        addMsix(space);
        space.addCapability(VENDOR_CAPABILITY, structure(COMMON_CFG, Layout.COMMON, Layout.COMMON_SIZE, 0));
        space.addCapability(VENDOR_CAPABILITY, structure(ISR_CFG, Layout.ISR, Layout.ISR_SIZE, 0));
        space.addCapability(VENDOR_CAPABILITY, structure(DEVICE_CFG, Layout.DEVICE, Layout.DEVICE_SIZE, 0));
        byte[] notify = structure(NOTIFY_CFG, Layout.NOTIFY, Layout.NOTIFY_SIZE, 4);
        little(notify).putInt(notify.length - 4, Layout.NOTIFY_MULTIPLIER);
        space.addCapability(VENDOR_CAPABILITY, notify);
        ConfigWindow.open(space, space.addCapability(VENDOR_CAPABILITY, structure(PCI_CFG, 0, 0, 4)), registers);
        List<Bar> bars = new ArrayList<>();
        bars.add(new Bar(0, Layout.BAR_SIZE, true, Layout.BAR_ALIGNMENT, registers, bells));
        device.window().ifPresent(window -> bars.add(new WindowBar(window, slots).bar()));
        return new PciFunction(space, bars);
    }

    /** {@code struct virtio_pci_cap} without its first two bytes, and {@code extra} bytes after it. BAR 0. */
    private static byte[] structure(int type, int offset, int length, int extra) {
        byte[] body = new byte[14 + extra];
        little(body)
                .put(0, (byte) (2 + body.length))
                .put(1, (byte) type)
                .putInt(6, offset)
                .putInt(10, length);
        return body;
    }

    private void addMsix(ConfigSpace space) {
        byte[] body = new byte[10];
        little(body)
                .putShort(0, (short) (msix.vectors() - 1))
                .putInt(2, Layout.MSIX_TABLE)
                .putInt(6, Layout.PBA);
        int at = space.addCapability(MSIX_CAPABILITY, body);
        space.allowWrites(at + 2, 2, MSIX_ENABLE | MSIX_MASK_ALL);
        space.overlay(at, new MsixControl(space, at, msix));
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int classOf(int type) {
        return switch (type) {
            case DeviceType.NET -> 0x02_0000; // Ethernet controller
            case DeviceType.BLOCK -> 0x01_8000; // other mass storage
            case DeviceType.CONSOLE -> 0x07_8000; // other communication
            default -> 0xFF_0000; // none of the classes
        };
    }

    /** Names who is told of the guest's driver. Before the guest can reach the device. */
    public void listen(DriverListener listener) {
        state.listen(listener);
    }

    /** What goes into a slot. */
    public PciFunction function() {
        return function;
    }

    /** The device behind it. */
    public VirtioDevice device() {
        return device;
    }

    /** Where the device's memory begins in guest addresses; -1: it has none, or is in no slot. Any thread. */
    public long windowPlace() {
        return device.window().isEmpty() ? -1 : function.place(WindowBar.INDEX);
    }

    /** The device status that the guest sees now. */
    public int status() {
        return state.status();
    }

    /** Why the device needs a reset by the guest; empty if it does not. */
    public String trouble() {
        return state.trouble();
    }

    /** Whether it was reset, and the device has not stopped yet. */
    public boolean isResetting() {
        return state.isResetting();
    }

    /**
     * Resets the function with the machine: the device as if the guest had written 0 to its status, MSI-X, and the
     * configuration space. Done once the device has stopped; by the owner.
     */
    public CompletionStage<Void> reset() {
        return state.reset().thenAccept(nothing -> {
            msix.reset();
            function.reset();
        });
    }

    /**
     * Gives back what it has of the machine: doorbells, vectors and their routes. It is in no slot any more, and no vCPU is
     * inside an access of it. By the owner; only {@link #close} may follow, by any thread.
     */
    public void detach() {
        bells.stopAll();
        msix.close();
    }

    /** Ends the device. It is in no slot any more, and no vCPU is inside an access of it. */
    @Override
    public void close() {
        detach();
        device.close();
        events.forEach(EventFd::close);
    }
}
