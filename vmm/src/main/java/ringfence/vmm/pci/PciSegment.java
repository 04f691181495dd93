package ringfence.vmm.pci;

import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * A PCI segment: one bus with 32 slots of one function each. It is itself the {@link BusDevice} of the segment's ECAM
 * range (PCI Express 5.0, 7.2.2): 1 MiB, of which a slot's function takes 4 KiB in each 32 KiB.
 *
 * <p>Slots are filled and emptied by the owner of the machine; vCPU threads read them without a lock. A function that was
 * removed may still finish an access that had begun.
 */
public final class PciSegment implements BusDevice {
    /** Slots of a segment. */
    public static final int SLOTS = 32;
    /** Bytes of its ECAM range: one bus. */
    public static final long ECAM_SIZE = 1 << 20;

    private static final int FUNCTION_SHIFT = 12;
    private static final int SLOT_SHIFT = 15;

    private final int number;
    private final BarHost host;
    private final AtomicReferenceArray<PciFunction> slots = new AtomicReferenceArray<>(SLOTS);

    /**
     * An empty segment.
     *
     * @param number 0 to 65535
     * @param below4Gib where its BARs of 32 bits lie
     * @param above4Gib where its BARs of 64 bits lie
     * @param owner runs what changes the bus tables, one at a time: the machine's control thread
     */
    public PciSegment(
            int number, Aperture below4Gib, Aperture above4Gib, BusTable table, Executor owner, Deadlines deadlines) {
        this.number = number;
        host = new BarHost(table, below4Gib, above4Gib, owner, deadlines);
    }

    /** Its number. */
    public int number() {
        return number;
    }

    /**
     * Puts a function into a slot and gives its BARs addresses. By the owner.
     *
     * @param wanted the slot, 0 to 31; empty: the first free one, on segment 0 from 1 on
     * @return the slot
     * @throws PciException if it is taken, or none is free, or a BAR finds no room; nothing has changed then
     */
    public int add(OptionalInt wanted, PciFunction function) {
        int slot = wanted.isPresent() ? wanted.getAsInt() : firstFree();
        if (slot < 0 || slot >= SLOTS) {
            throw new PciException("no slot " + slot + " on segment " + number);
        }
        if (slots.get(slot) != null) {
            throw new PciException("slot " + slot + " of segment " + number + " is taken");
        }
        function.attach(host);
        slots.set(slot, function);
        return slot;
    }

    private int firstFree() {
        for (int slot = number == 0 ? 1 : 0; slot < SLOTS; slot++) {
            if (slots.get(slot) == null) {
                return slot;
            }
        }
        throw new PciException("all slots of segment " + number + " are taken");
    }

    /** Empties a slot and takes its BARs off the bus; does nothing if it is empty. By the owner. */
    public void remove(int slot) {
        PciFunction function = slots.getAndSet(slot, null);
        if (function != null) {
            function.detach();
        }
    }

    /** Whether a slot, 0 to 31, is taken. */
    public boolean isTaken(int slot) {
        return slots.get(slot) != null;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return readConfig(slot(offset), function(offset), offset & ConfigSpace.SIZE - 1, width, into);
    }

    @Override
    public Access write(long offset, int width, long value) {
        return writeConfig(slot(offset), function(offset), offset & ConfigSpace.SIZE - 1, width, value);
    }

    private static int slot(long offset) {
        return (int) (offset >> SLOT_SHIFT) & SLOTS - 1;
    }

    private static int function(long offset) {
        return (int) (offset >> FUNCTION_SHIFT) & 7;
    }

    /** Reads the configuration space of the function; where there is none it reads all ones. */
    Access readConfig(int slot, int function, long register, int width, ReadValue into) {
        PciFunction there = function == 0 ? slots.get(slot) : null;
        return there == null ? into.rejected(width) : there.readConfig(register, width, into);
    }

    /** Writes the configuration space of the function; where there is none the write is lost. */
    Access writeConfig(int slot, int function, long register, int width, long value) {
        PciFunction there = function == 0 ? slots.get(slot) : null;
        return there == null ? Rejected.REJECTED : there.writeConfig(register, width, value);
    }
}
