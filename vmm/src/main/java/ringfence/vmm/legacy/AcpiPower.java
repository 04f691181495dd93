package ringfence.vmm.legacy;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;

/**
 * The sleep and reset register of a hardware-reduced ACPI machine: the byte at {@link #PORT}, named by the FADT as
 * SLEEP_CONTROL_REG, SLEEP_STATUS_REG and RESET_REG (ACPI 6.5, 4.8.3.7 and 4.8.3.6).
 *
 * <p>A write of {@link #RESET} resets; SLP_EN together with SLP_TYP = 5 is soft-off; all else is ignored. It reads as
 * 0: no sleep has ended. Stateless; any thread.
 */
public final class AcpiPower implements BusDevice {
    /** Its port. */
    public static final int PORT = 0x600;
    /** Ports that it takes. */
    public static final int SIZE = 4;
    /** The value that the FADT gives as RESET_VALUE. */
    public static final int RESET = 1;
    /** The type that the DSDT's {@code _S5_} package names. */
    public static final int S5_TYPE = 5;

    private static final int SLP_TYP_SHIFT = 2;
    private static final int SLP_EN = 1 << 5;
    private static final int SOFT_OFF = S5_TYPE << SLP_TYP_SHIFT | SLP_EN;

    private final PowerListener listener;

    /** A register that tells {@code listener}. */
    public AcpiPower(PowerListener listener) {
        this.listener = listener;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.done(0);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (offset == 0 && (value & 0xFF) == RESET) {
            listener.reset();
        } else if (offset == 0 && (value & 0xFF) == SOFT_OFF) {
            listener.poweroff();
        }
        return Done.DONE;
    }
}
