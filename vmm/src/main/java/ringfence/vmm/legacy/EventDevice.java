package ringfence.vmm.legacy;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * The register of ACPI's generic event device (ACPI 6.5, 5.6.9): one byte that tells what has happened since it was read,
 * and an interrupt line that is high while it is not 0. Reading clears it. The line is a level: an event from before the
 * guest has a driver is seen once it has one, and none is lost however the driver masks its interrupt.
 *
 * <p>Raised by any thread, read by vCPU threads.
 */
public final class EventDevice implements BusDevice {
    /** Bytes of it. */
    public static final int SIZE = 1;
    /** Its line: a pin of the I/O APIC that is no ISA interrupt and nobody else's. */
    public static final int IRQ = 16;
    /** The PCI hot-plug controller has something to say. */
    public static final int PCI = 1 << 2;
    /** The power button was pressed. */
    public static final int POWER_BUTTON = 1 << 3;

    private final IrqLine line;
    private int happened;

    /** A register with nothing in it. */
    public EventDevice(IrqLine line) {
        this.line = line;
    }

    /** Something has happened: {@link #PCI} or {@link #POWER_BUTTON}. Until it is read, the same again is one. */
    public synchronized void raise(int event) {
        happened |= event;
        line.set(true);
    }

    /** As after power-on. */
    public synchronized void reset() {
        happened = 0;
        line.set(false);
    }

    @Override
    public synchronized Access read(long offset, int width, ReadValue into) {
        if (width != SIZE) {
            return into.rejected(width);
        }
        int seen = happened;
        if (seen != 0) {
            happened = 0;
            line.set(false);
        }
        return into.done(seen);
    }

    @Override
    public Access write(long offset, int width, long value) {
        return width == SIZE ? Done.DONE : Rejected.REJECTED; // it is read-only
    }
}
