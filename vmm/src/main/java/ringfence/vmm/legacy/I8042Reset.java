package ringfence.vmm.legacy;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * What is left of the keyboard controller and its neighbour, ports 0x61 to 0x64: the command that pulses the CPU's reset
 * line, and system control port B. There is no keyboard, and the FADT says so.
 *
 * <p>The status at 0x64 reads 0, input buffer empty, so that a guest which waits for it before the reset command goes
 * on at once. Port 0x61 shows the timer's output as high, so that a guest which times itself against a timer that is
 * not there gives up at once.
 */
public final class I8042Reset implements BusDevice {
    /** First port. */
    public static final int PORT = 0x61;
    /** Ports that it takes: 0x61 to 0x64. */
    public static final int SIZE = 4;

    private static final int COMMAND = 0x64 - PORT;
    private static final int PULSE_RESET = 0xFE;
    private static final int TIMER_2_OUTPUT = 0x20;

    private final PowerListener listener;

    /** A controller that tells {@code listener}. */
    public I8042Reset(PowerListener listener) {
        this.listener = listener;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        if (width != 1) {
            return into.rejected(width);
        }
        return into.done(offset == 0 ? TIMER_2_OUTPUT : 0);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (width != 1) {
            return Rejected.REJECTED;
        }
        if (offset == COMMAND && value == PULSE_RESET) {
            listener.reset();
        }
        return Done.DONE;
    }
}
