package ringfence.vmm.plan.acpi;

import java.util.ArrayList;
import java.util.List;

/**
 * Hot-plug of PCI devices: the controller's registers, and what each slot of a root does with them (ACPI 6.5, 6.3). Names
 * and registers are Cloud Hypervisor's.
 *
 * <p>The controller's mutex keeps the segment that is selected and the access that follows together. A slot's {@code _EJ0}
 * ejects it; a scan tells the kernel of the slots that were filled (device check) and of those that it is asked to give
 * back (eject request).
 */
final class HotPlugAml {
    /** Looks through all segments for changes. */
    static final String SCAN = "\\_SB_.PHPR.PSCN";

    private static final String MUTEX = "\\_SB_.PHPR.BLCK";
    private static final String FILLED = "\\_SB_.PHPR.PCIU";
    private static final String TO_EMPTY = "\\_SB_.PHPR.PCID";
    private static final String SEGMENT = "\\_SB_.PHPR.PSEG";
    private static final String EJECT = "\\_SB_.PHPR.PCEJ";
    private static final int SLOTS = 32;
    /** Values of Notify: 5.6.6. */
    private static final int DEVICE_CHECK = 1;

    private static final int EJECT_REQUEST = 3;
    /** Present, enabled, working, and not shown to the user. */
    private static final int STATUS = 0xB;

    private HotPlugAml() {}

    /** The controller. It comes before those that call its method: a reader must know how many arguments that takes. */
    static byte[] controller(AcpiPlan.Window registers, List<AcpiPlan.PciRoot> segments) {
        byte[][] scans = segments.stream()
                .map(segment -> Aml.of("\\_SB_." + segment.name() + ".PCNT"))
                .toArray(byte[][]::new);
        return Aml.device(
                "PHPR",
                Aml.name("_HID", Aml.eisaId("PNP0A06")),
                Aml.name("_UID", Aml.string("PCI hot-plug")),
                Aml.name("_STA", Aml.integer(STATUS)),
                Aml.mutex("BLCK"),
                Aml.memoryRegion("PCST", registers.base(), registers.size()),
                Aml.fields("PCST", 4, "PCIU", "PCID", "B0EJ", "PSEG"),
                Aml.method(
                        "PCEJ",
                        2,
                        Aml.holding(
                                "BLCK",
                                Aml.store(Aml.argument(1), Aml.of("PSEG")),
                                Aml.store(Aml.bit(Aml.argument(0)), Aml.of("B0EJ")))),
                Aml.method("PSCN", 0, scans));
    }

    /** The slots of a root and its scan. Slot 0 of segment 0 is the host bridge's for ever. */
    static byte[] slots(AcpiPlan.PciRoot root) {
        List<byte[]> terms = new ArrayList<>();
        List<byte[]> tells = new ArrayList<>();
        for (int slot = root.number() == 0 ? 1 : 0; slot < SLOTS; slot++) {
            String name = "S%03d".formatted(slot);
            terms.add(Aml.device(
                    name,
                    Aml.name("_SUN", Aml.integer(slot)),
                    Aml.name("_ADR", Aml.integer((long) slot << 16)),
                    Aml.method("_EJ0", 1, Aml.of(EJECT, Aml.integer(slot), Aml.integer(root.number())))));
            tells.add(Aml.ifAny(Aml.argument(0), 1L << slot, Aml.notify(name, Aml.argument(1))));
        }
        terms.add(Aml.method("DVNT", 2, tells.toArray(byte[][]::new)));
        terms.add(Aml.method(
                "PCNT",
                0,
                Aml.holding(
                        MUTEX,
                        Aml.store(Aml.integer(root.number()), Aml.of(SEGMENT)),
                        Aml.store(Aml.of(FILLED), Aml.local(0)), // once: reading clears it
                        Aml.of("DVNT", Aml.local(0), Aml.integer(DEVICE_CHECK)),
                        Aml.store(Aml.of(TO_EMPTY), Aml.local(0)),
                        Aml.of("DVNT", Aml.local(0), Aml.integer(EJECT_REQUEST)))));
        return Aml.all(terms.toArray(byte[][]::new));
    }
}
