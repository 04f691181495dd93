package ringfence.vmm.plan.acpi;

import java.util.List;

/**
 * What the ACPI tables tell.
 *
 * @param base guest address of the RSDP; the tables follow it
 * @param limit guest address that they must not reach
 * @param apicIds APIC ids of the vCPUs, by their index
 * @param segments PCI segments, the first is number 0
 * @param events how the machine tells its guest that something has happened
 * @param serial whether there is COM1
 */
public record AcpiPlan(
        long base, long limit, List<Integer> apicIds, List<PciRoot> segments, Events events, boolean serial) {
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
    public static AcpiPlan of(List<Integer> apicIds, List<PciRoot> segments, Events events, boolean serial) {
        return new AcpiPlan(BASE, LIMIT, apicIds, segments, events, serial);
    }

    /**
     * Registers and interrupt of what happens while the guest runs.
     *
     * @param interrupt the event device's GSI: level-triggered, active high, nobody else's
     * @param register which events there are: one byte, see {@link #PCI_EVENT} and {@link #POWER_BUTTON_EVENT}; reading
     *     clears it
     * @param hotPlug the PCI hot-plug controller's 16 bytes: slots that were filled (read clears), slots that are to be
     *     emptied (read clears), slots to eject (write), the segment that these speak of
     */
    public record Events(int interrupt, Window register, Window hotPlug) {}

    /** In the event register: the PCI hot-plug controller has something to say. */
    public static final int PCI_EVENT = 1 << 2;
    /** In the event register: the power button was pressed. */
    public static final int POWER_BUTTON_EVENT = 1 << 3;

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

        /** Its name in the DSDT. */
        String name() {
            return "PC%02X".formatted(number);
        }
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
