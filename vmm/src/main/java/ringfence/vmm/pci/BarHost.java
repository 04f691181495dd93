package ringfence.vmm.pci;

import java.util.concurrent.Executor;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;

/**
 * What a segment's functions need in order to have their BARs on the bus.
 *
 * @param table the buses
 * @param below4Gib where BARs of 32 bits lie
 * @param above4Gib where BARs of 64 bits lie
 * @param owner runs changes of the table, one at a time
 * @param deadlines how long a guest's write may wait for the owner
 */
record BarHost(BusTable table, Aperture below4Gib, Aperture above4Gib, Executor owner, Deadlines deadlines) {
    boolean holds(long address, long size) {
        return below4Gib.holds(address, size) || above4Gib.holds(address, size);
    }

    Aperture apertureFor(Bar bar) {
        return bar.wide() ? above4Gib : below4Gib;
    }
}
