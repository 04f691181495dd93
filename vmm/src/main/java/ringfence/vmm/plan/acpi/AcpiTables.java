package ringfence.vmm.plan.acpi;

import java.util.ArrayList;
import java.util.List;

/**
 * All tables of a machine as they lie in its memory.
 *
 * @param address guest address of the first byte, which is the RSDP's
 * @param bytes RSDP, DSDT, FADT, MADT, MCFG, XSDT, each aligned to 16 bytes
 */
public record AcpiTables(long address, byte[] bytes) {
    private static final int ALIGNMENT = 16;

    /**
     * Builds them.
     *
     * @throws IllegalArgumentException if they do not fit below the plan's limit
     */
    public static AcpiTables build(AcpiPlan plan) {
        Layout layout = new Layout(plan);
        long dsdt = layout.add(Dsdt.of(plan));
        List<Long> tables = List.of(
                layout.add(Fadt.of(dsdt)), layout.add(Madt.of(plan.apicIds())), layout.add(Mcfg.of(plan.segments())));
        return layout.finish(tables);
    }

    /** Puts tables one after the other behind the RSDP. */
    private static final class Layout {
        private final AcpiPlan plan;
        private final List<byte[]> parts = new ArrayList<>();
        private long end;

        Layout(AcpiPlan plan) {
            this.plan = plan;
            end = aligned(plan.base() + Rsdp.SIZE);
        }

        long add(byte[] table) {
            long address = end;
            parts.add(table);
            end = aligned(address + table.length);
            if (end > plan.limit()) {
                throw new IllegalArgumentException("ACPI tables end at 0x%x, limit 0x%x".formatted(end, plan.limit()));
            }
            return address;
        }

        AcpiTables finish(List<Long> tables) {
            TableWriter xsdt = new TableWriter("XSDT", 1, 8 * tables.size());
            tables.forEach(xsdt::u64);
            byte[] rsdp = Rsdp.of(add(xsdt.table()));
            byte[] all = new byte[(int) (end - plan.base())];
            System.arraycopy(rsdp, 0, all, 0, rsdp.length);
            int at = (int) (aligned(plan.base() + rsdp.length) - plan.base());
            for (byte[] part : parts) {
                System.arraycopy(part, 0, all, at, part.length);
                at = (int) aligned(at + part.length);
            }
            return new AcpiTables(plan.base(), all);
        }

        private static long aligned(long address) {
            return address + ALIGNMENT - 1 & -ALIGNMENT;
        }
    }
}
