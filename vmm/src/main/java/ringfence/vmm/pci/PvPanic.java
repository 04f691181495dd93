package ringfence.vmm.pci;

import java.util.List;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;

/**
 * pvpanic-pci, 1b36:0011 (QEMU's docs/specs/pvpanic.rst): a byte at the start of BAR 0 tells which events the device
 * knows when it is read, and which have happened when it is written.
 */
public final class PvPanic implements BusDevice {
    private static final PciIdentity IDENTITY = new PciIdentity(0x1B36, 0x0011, 1, 0x08_8000, 0x1AF4, 0x1100);
    private static final long BAR_SIZE = 4096;
    private static final int PANICKED = 1;
    private static final int CRASH_LOADED = 2;

    private final PanicListener listener;

    private PvPanic(PanicListener listener) {
        this.listener = listener;
    }

    /** A function that tells {@code listener}. */
    public static PciFunction create(PanicListener listener) {
        return new PciFunction(new ConfigSpace(IDENTITY), List.of(new Bar(0, BAR_SIZE, false, new PvPanic(listener))));
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.done(offset == 0 ? PANICKED | CRASH_LOADED : 0);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (offset == 0) {
            if ((value & PANICKED) != 0) {
                listener.panicked();
            }
            if ((value & CRASH_LOADED) != 0) {
                listener.crashLoaded();
            }
        }
        return Done.DONE;
    }
}
