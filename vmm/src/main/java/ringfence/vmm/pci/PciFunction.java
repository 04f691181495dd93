package ringfence.vmm.pci;

import java.util.List;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * A PCI function: configuration space and BARs. A device makes one, and the owner of the machine puts it into a slot of
 * a {@link PciSegment}.
 *
 * <p>An access to configuration space lies within one aligned double word; anything else is rejected. A write that
 * changes where a BAR answers is deferred until the owner has published the new bus table.
 */
public final class PciFunction {
    private static final int LAST_BAR_BYTE = ConfigSpace.BAR0 + 6 * 4 - 1;

    private final ConfigSpace space;
    private final BarDecoder decoder;

    /** A function with these BARs, whose registers are added to the space. */
    public PciFunction(ConfigSpace space, List<Bar> bars) {
        this.space = space;
        decoder = new BarDecoder(space, bars);
    }

    /** Its configuration space. */
    public ConfigSpace space() {
        return space;
    }

    /**
     * The guest reads its configuration space.
     *
     * @param offset any number
     * @param width any number
     */
    public Access readConfig(long offset, int width, ReadValue into) {
        if (!isOneRegister(offset, width)) {
            return into.rejected(width);
        }
        BusDevice overlay = space.overlay((int) offset);
        return overlay != null ? overlay.read(offset & 3, width, into) : into.done(space.get((int) offset, width));
    }

    /** The guest writes its configuration space. See {@link #readConfig}. */
    public Access writeConfig(long offset, int width, long value) {
        if (!isOneRegister(offset, width)) {
            return Rejected.REJECTED;
        }
        BusDevice overlay = space.overlay((int) offset);
        if (overlay != null) {
            return overlay.write(offset & 3, width, value);
        }
        space.write((int) offset, width, value);
        boolean decodes = offset < ConfigSpace.COMMAND + 2 && offset + width > ConfigSpace.COMMAND
                || offset >= ConfigSpace.BAR0 && offset <= LAST_BAR_BYTE;
        return decodes ? decoder.changed() : Done.DONE;
    }

    /** Its BARs. */
    public List<Bar> bars() {
        return decoder.bars();
    }

    /**
     * Where the BAR of this index is, whether it answers or not: where the guest has put it, or else the machine. Any thread.
     *
     * @return -1 while the function is in no slot
     */
    public long place(int bar) {
        return decoder.place(bar);
    }

    /** Where the BAR of this index answers now; -1 if it does not. */
    public long address(int bar) {
        return decoder.address(bar);
    }

    /**
     * As after power-on: decoding off, BARs where the machine first put them, MSI-X off. What is behind the registers is
     * the device's own matter. By the owner.
     */
    public void reset() {
        space.reset();
        decoder.reset();
    }

    /** Makes its BARs part of a machine. By the owner. */
    void attach(BarHost host) {
        decoder.attach(host);
    }

    /** Takes its BARs off the bus. By the owner. */
    void detach() {
        decoder.detach();
    }

    private static boolean isOneRegister(long offset, int width) {
        return (width == 1 || width == 2 || width == 4)
                && offset >= 0
                && offset < ConfigSpace.SIZE
                && (offset & 3) + width <= 4;
    }
}
