package ringfence.vmm.plan.acpi;

/** The fixed ACPI description table, revision 6.5, of a hardware-reduced machine (ACPI 6.5, 5.2.9). */
final class Fadt {
    private static final int MINOR_REVISION = 5;
    private static final int SIZE = 276;
    private static final int BOOT_ARCHITECTURE_AT = 109;
    private static final int FLAGS_AT = 112;
    private static final int X_DSDT_AT = 140;
    private static final int SLEEP_CONTROL_AT = 244;
    private static final int HYPERVISOR_AT = 268;
    /** There is no VGA to probe. No 8042 either: its bit is clear, and Linux does not look for a keyboard. */
    private static final int VGA_NOT_PRESENT = 1 << 2;

    private static final int RESET_REGISTER_SUPPORTED = 1 << 10;
    /** Power and sleep buttons are not fixed hardware. */
    private static final int NO_FIXED_BUTTONS = 1 << 4 | 1 << 5;

    private static final int HARDWARE_REDUCED = 1 << 20;

    private Fadt() {}

    static byte[] of(long dsdt) {
        return new TableWriter("FACP", 6, SIZE)
                .zeroTo(BOOT_ARCHITECTURE_AT)
                .u16(VGA_NOT_PRESENT)
                .zeroTo(FLAGS_AT)
                .u32(HARDWARE_REDUCED | RESET_REGISTER_SUPPORTED | NO_FIXED_BUTTONS)
                .port(AcpiPlan.POWER_PORT)
                .u8(AcpiPlan.RESET_VALUE)
                .u16(0)
                .u8(MINOR_REVISION)
                .zeroTo(X_DSDT_AT)
                .u64(dsdt)
                .zeroTo(SLEEP_CONTROL_AT)
                .port(AcpiPlan.POWER_PORT)
                .port(AcpiPlan.POWER_PORT)
                .zeroTo(HYPERVISOR_AT)
                .text("RINGFNCE", 8)
                .table();
    }
}
