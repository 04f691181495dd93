package ringfence.vmm.transport;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;
import ringfence.vmm.device.DeviceWindow;
import ringfence.vmm.pci.Bar;

/** The BAR behind which a device's memory lies. What reaches us lies beyond the memory's end: a BAR's size is a power of two. */
record WindowBar(DeviceWindow window, MemorySlots slots) implements BusDevice, Bar.Listener {
    /** So that a guest can map it with huge pages. */
    private static final long ALIGNMENT = 2 << 20;

    static final int INDEX = 2;

    Bar bar() {
        long size = Math.max(Long.highestOneBit(2 * window.memory().size() - 1), ALIGNMENT);
        return new Bar(INDEX, size, true, Math.max(size, Layout.BAR_ALIGNMENT), this, this);
    }

    @Override
    public void mapped(long address) {
        slots.map(address, window.memory());
        window.place().accept(address);
    }

    @Override
    public void unmapped(long address) {
        slots.unmap(address);
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.rejected(width);
    }

    @Override
    public Access write(long offset, int width, long value) {
        return Rejected.REJECTED;
    }
}
