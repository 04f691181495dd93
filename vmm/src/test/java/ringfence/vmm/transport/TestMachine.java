package ringfence.vmm.transport;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.pci.Aperture;
import ringfence.vmm.pci.PciSegment;

/** A machine of buses and one PCI segment: all that a driver sees of one, without a VM. Accesses are those of a vCPU. */
public final class TestMachine implements AutoCloseable {
    static final long ECAM = 0xE800_0000L;
    static final long HIGH = 0x40_0000_0000L;

    final Linux linux = Linux.system();
    final BusTable table = new BusTable();
    final Deadlines deadlines;
    /** Null in a machine whose interrupts go elsewhere. */
    final FakeRouter router;

    private final MsiRouter msi;
    /** Its slots. */
    public final PciSegment segment;
    /** Kicks that reach a daemon without an exit: address to event. */
    final Map<Long, EventFd> doorbells = new HashMap<>();

    /** Devices' memory that the guest sees: address to memory. */
    final Map<Long, Mapping> windows = new HashMap<>();

    private final MemorySlots slots = new MemorySlots() {
        @Override
        public void map(long guestAddress, Mapping memory) {
            if (windows.putIfAbsent(guestAddress, memory) != null) {
                throw new IllegalStateException("KVM would say EEXIST");
            }
        }

        @Override
        public void unmap(long guestAddress) {
            if (windows.remove(guestAddress) == null) {
                throw new IllegalStateException("KVM would say EINVAL");
            }
        }
    };

    private final Doorbells fakeDoorbells = new Doorbells() {
        @Override
        public synchronized void assign(EventFd kick, long guestAddress, int width) {
            if (doorbells.putIfAbsent(guestAddress, kick) != null) {
                throw new IllegalStateException("KVM would say EEXIST");
            }
        }

        @Override
        public synchronized void deassign(EventFd kick, long guestAddress, int width) {
            if (!doorbells.remove(guestAddress, kick)) {
                throw new IllegalStateException("KVM would say ENOENT");
            }
        }
    };

    TestMachine(Deadlines deadlines, FakeRouter.Guest guest) {
        this(deadlines, new FakeRouter(Linux.system().events(), 1000, guest), null);
    }

    /** One whose interrupts go to this router. */
    public TestMachine(MsiRouter other) {
        this(new Deadlines(), null, other);
    }

    private TestMachine(Deadlines deadlines, FakeRouter fake, MsiRouter other) {
        this.deadlines = deadlines;
        router = fake;
        msi = fake == null ? other : fake;
        segment = new PciSegment(
                0, new Aperture(0xC000_0000L, 1 << 20), new Aperture(HIGH, 1L << 30), table, Runnable::run, deadlines);
        table.changeMmio(bus -> bus.with(ECAM, PciSegment.ECAM_SIZE, segment));
    }

    /** Puts a function for this device into the first free slot. */
    public VirtioPciFunction add(VirtioDevice device) {
        VirtioPciFunction function =
                new VirtioPciFunction(device, linux.events(), msi, fakeDoorbells, slots, deadlines);
        segment.add(OptionalInt.empty(), function.function());
        return function;
    }

    long read(long address, int width) {
        ReadValue value = new ReadValue();
        Access access = table.mmio().read(address, width, value);
        return access instanceof Deferred deferred ? deferred.await() & ReadValue.mask(width) : value.value();
    }

    void write(long address, int width, long value) {
        EventFd kick = width == 2 ? doorbells.get(address) : null;
        if (kick != null) {
            kick.signal();
            return;
        }
        Bus bus = table.mmio();
        if (bus.write(address, width, value) instanceof Deferred deferred) {
            deferred.await();
        }
    }

    @Override
    public void close() {
        if (router != null) {
            router.close();
        }
    }
}
