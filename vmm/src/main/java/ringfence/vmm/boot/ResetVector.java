package ringfence.vmm.boot;

import ringfence.vmm.plan.acpi.AcpiPlan;

/**
 * What stands where firmware's entry would be, at FFFF:0 in real mode: a reset of the machine.
 *
 * <p>Linux comes here. On a hardware-reduced ACPI machine it believes that EFI resets it, finds no EFI, and falls back
 * on a jump to the BIOS, without a try at the FADT's RESET_REG (arch/x86/kernel/reboot.c). Zeros there would be executed
 * for ever.
 */
final class ResetVector {
    private static final int MOV_AL = 0xB0;
    private static final int MOV_DX = 0xBA;
    private static final int OUT_DX_AL = 0xEE;
    private static final int HLT = 0xF4;
    private static final int JMP_SHORT = 0xEB;
    private static final int TO_HLT = -3;

    private ResetVector() {}

    /** 16-bit code of at most 16 bytes: writes RESET_VALUE to RESET_REG, and halts. */
    static byte[] code() {
        return new byte[] {
            (byte) MOV_AL,
            AcpiPlan.RESET_VALUE,
            (byte) MOV_DX,
            (byte) AcpiPlan.POWER_PORT,
            (byte) (AcpiPlan.POWER_PORT >> 8),
            (byte) OUT_DX_AL,
            (byte) HLT,
            (byte) JMP_SHORT,
            TO_HLT
        };
    }
}
