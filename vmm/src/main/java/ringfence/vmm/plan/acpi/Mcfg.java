package ringfence.vmm.plan.acpi;

import java.util.List;

/** The memory-mapped configuration table (PCI Firmware 3.3, 4.1.2): where each segment's ECAM lies. */
final class Mcfg {
    private Mcfg() {}

    static byte[] of(List<AcpiPlan.PciRoot> segments) {
        TableWriter table = new TableWriter("MCFG", 1, 8 + 16 * segments.size());
        table.u64(0);
        for (AcpiPlan.PciRoot segment : segments) {
            table.u64(segment.ecam()).u16(segment.number()).u8(0).u8(0).u32(0); // buses 0 to 0
        }
        return table.table();
    }
}
