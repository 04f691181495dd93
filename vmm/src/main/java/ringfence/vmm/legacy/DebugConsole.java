package ringfence.vmm.legacy;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * A port whose bytes are printed, as Bochs has it at 0xE9: no state, no interrupt, nothing to set up. Reading it gives
 * 0xE9, by which a guest knows that it is there. Any thread.
 */
public final class DebugConsole implements BusDevice {
    /** Ports that it takes. */
    public static final int SIZE = 1;

    private static final int PRESENT = 0xE9;

    private final SerialBackend output;

    /** A port whose output goes there. */
    public DebugConsole(SerialBackend output) {
        this.output = output;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return width == 1 ? into.done(PRESENT) : into.rejected(width);
    }

    /** One vCPU at a time: the backend takes from one. */
    @Override
    public synchronized Access write(long offset, int width, long value) {
        if (width != 1) {
            return Rejected.REJECTED;
        }
        output.transmit((int) value & 0xFF);
        return Done.DONE;
    }
}
