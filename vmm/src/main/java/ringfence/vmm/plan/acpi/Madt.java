package ringfence.vmm.plan.acpi;

import java.util.List;

/** The multiple APIC description table (ACPI 6.5, 5.2.12): vCPUs, the I/O APIC, and NMI on LINT1 of each vCPU. */
final class Madt {
    static final int LOCAL_APIC = 0xFEE0_0000;
    static final int IO_APIC = 0xFEC0_0000;

    private static final int ENABLED = 1;
    /** APIC ids from here on need an x2APIC structure. */
    private static final int X2APIC_ID = 255;

    private static final int ALL_PROCESSORS = 0xFF;
    private static final long ALL_X2APIC_PROCESSORS = 0xFFFF_FFFFL;

    private Madt() {}

    static byte[] of(List<Integer> apicIds) {
        TableWriter table = new TableWriter("APIC", 6, 64 + 16 * apicIds.size());
        table.u32(LOCAL_APIC).u32(0); // flags 0: no 8259
        boolean x2apic = false;
        for (int i = 0; i < apicIds.size(); i++) {
            int id = apicIds.get(i);
            if (id < X2APIC_ID) {
                table.u8(0).u8(8).u8(i).u8(id).u32(ENABLED);
            } else {
                x2apic = true;
                table.u8(9).u8(16).u16(0).u32(id).u32(ENABLED).u32(i);
            }
        }
        table.u8(1).u8(12).u8(0).u8(0).u32(IO_APIC).u32(0);
        table.u8(4).u8(6).u8(ALL_PROCESSORS).u16(0).u8(1);
        if (x2apic) {
            table.u8(10).u8(12).u16(0).u32(ALL_X2APIC_PROCESSORS).u8(1).u8(0).u16(0);
        }
        return table.table();
    }
}
