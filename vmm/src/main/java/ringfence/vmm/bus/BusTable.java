package ringfence.vmm.bus;

import java.util.function.UnaryOperator;

/**
 * The two buses of a machine as its vCPU threads see them now: port I/O and memory-mapped I/O. A reader takes the table
 * of the moment and keeps it for one access; a change publishes a new table.
 */
public final class BusTable {
    private volatile Bus pio = Bus.EMPTY;
    private volatile Bus mmio = Bus.EMPTY;

    /** Port I/O, addresses 0 to 0xFFFF. */
    public Bus pio() {
        return pio;
    }

    /** Memory-mapped I/O, by guest-physical address. */
    public Bus mmio() {
        return mmio;
    }

    /** Replaces the table of ports by what {@code change} makes of it. If it throws, nothing changes. */
    public synchronized void changePio(UnaryOperator<Bus> change) {
        pio = change.apply(pio);
    }

    /** Replaces the table of memory-mapped I/O by what {@code change} makes of it. If it throws, nothing changes. */
    public synchronized void changeMmio(UnaryOperator<Bus> change) {
        mmio = change.apply(mmio);
    }
}
