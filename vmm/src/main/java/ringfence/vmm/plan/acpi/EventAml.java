package ringfence.vmm.plan.acpi;

/**
 * The generic event device (ACPI 6.5, 5.6.9) and the power button, a control method device (4.8.2.2.1.2). A
 * hardware-reduced machine has no SCI: the event device has an interrupt of its own, whose method looks what has happened.
 */
final class EventAml {
    private static final String REGISTER = "GDAT";
    private static final String POWER_BUTTON = "\\_SB_.PWRB";
    /** Of a button that was pressed: 4.8.2.2.1.2. */
    private static final int PRESSED = 0x80;

    private EventAml() {}

    static byte[] powerButton() {
        return Aml.device("PWRB", Aml.name("_HID", Aml.eisaId("PNP0C0C")), Aml.name("_UID", Aml.integer(0)));
    }

    /** Its interrupt is level-triggered, high until the register is read: what happens before there is a driver waits. */
    static byte[] device(AcpiPlan.Events events) {
        return Aml.device(
                "GED_",
                Aml.name("_HID", Aml.string("ACPI0013")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_CRS", Resources.template(Resources.levelInterrupt(events.interrupt()))),
                Aml.memoryRegion(
                        "GEDR", events.register().base(), events.register().size()),
                Aml.fields("GEDR", 1, REGISTER),
                Aml.method(
                        "_EVT",
                        1,
                        Aml.store(Aml.of(REGISTER), Aml.local(0)), // once: reading clears it
                        Aml.ifAny(Aml.local(0), AcpiPlan.PCI_EVENT, Aml.of(HotPlugAml.SCAN)),
                        Aml.ifAny(Aml.local(0), AcpiPlan.POWER_BUTTON_EVENT, Aml.notify(POWER_BUTTON, PRESSED))));
    }
}
