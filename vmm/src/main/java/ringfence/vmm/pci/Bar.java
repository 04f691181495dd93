package ringfence.vmm.pci;

import ringfence.vmm.bus.BusDevice;

/**
 * A base address register and the registers behind it (PCI Local Bus 3.0, 6.2.5.1).
 *
 * @param index 0 to 5; one of 64 bits takes the next too
 * @param size bytes, a power of two, 4096 or more
 * @param wide whether it has 64 bits
 * @param alignment where the machine first puts it: a multiple of this; the guest may move it to a multiple of the size
 * @param device what answers there
 * @param listener who is told where it is
 */
public record Bar(int index, long size, boolean wide, long alignment, BusDevice device, Listener listener) {
    /** Told by the owner of the machine, before the next access there can be served. An exception undoes the mapping. */
    public interface Listener {
        /** It answers at this guest address from now on. */
        void mapped(long address);

        /** It answers there no more. */
        void unmapped(long address);
    }

    /** Checks the ranges. */
    public Bar {
        if (Long.bitCount(size) != 1 || size < 4096 || Long.bitCount(alignment) != 1 || alignment < size) {
            throw new IllegalArgumentException("BAR size=" + size + " alignment=" + alignment);
        }
        if (index < 0 || index > (wide ? 4 : 5)) {
            throw new IllegalArgumentException("BAR index=" + index);
        }
    }

    /** Whether its register says that it is prefetchable: that of one of 64 bits does. */
    public boolean prefetchable() {
        return wide;
    }

    /** One that needs not know where it is. */
    public Bar(int index, long size, boolean wide, BusDevice device) {
        this(index, size, wide, size, device, new Listener() {
            @Override
            public void mapped(long address) {
                // nothing depends on it
            }

            @Override
            public void unmapped(long address) {
                // nothing depends on it
            }
        });
    }
}
