package ringfence.vmm.plan.acpi;

import java.util.List;

/**
 * What the ACPI tables tell.
 *
 * @param base guest address of the RSDP; the tables follow it
 * @param limit guest address that they must not reach
 * @param apicIds APIC ids of the vCPUs, by their index
 * @param segments PCI segments, the first is number 0
 */
public record AcpiPlan(long base, long limit, List<Integer> apicIds, List<PciRoot> segments) {
    /** Where Linux looks for the RSDP without being told, and where Cloud Hypervisor has it. */
    public static final long BASE = 0xA0000;
    /** End of the range in which it may lie. */
    public static final long LIMIT = 0xF0000;

    /** The port that the FADT names as SLEEP_CONTROL_REG, SLEEP_STATUS_REG and RESET_REG: one byte. */
    public static final int POWER_PORT = 0x600;
    /** The FADT's RESET_VALUE. */
    public static final int RESET_VALUE = 1;

    /** An immutable plan. */
    public AcpiPlan {
        apicIds = List.copyOf(apicIds);
        segments = List.copyOf(segments);
    }

    /** The usual place. */
    public static AcpiPlan of(List<Integer> apicIds, List<PciRoot> segments) {
        return new AcpiPlan(BASE, LIMIT, apicIds, segments);
    }

    /**
     * A PCI segment: one root with one bus.
     *
     * @param number 0 to 255
     * @param ecam guest address of its configuration space, 1 MiB
     * @param below4Gib window of BARs of 32 bits
     * @param above4Gib window of BARs of 64 bits
     */
    public record PciRoot(int number, long ecam, Window below4Gib, Window above4Gib) {
        /** Bytes of configuration space: one bus. */
        public static final long ECAM_SIZE = 1 << 20;
    }

    /**
     * A range of guest addresses.
     *
     * @param base first address
     * @param size bytes, above 0
     */
    public record Window(long base, long size) {
        long last() {
            return base + size - 1;
        }
    }
}
