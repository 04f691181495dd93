package ringfence.vmm.plan.acpi;

import java.util.ArrayList;
import java.util.List;

/**
 * The differentiated system description table: PCI roots, their configuration space, COM1, the clock, events, and power
 * off.
 */
final class Dsdt {
    private static final int COM1_PORT = 0x3F8;
    private static final int COM1_IRQ = 4;
    private static final int RTC_PORT = 0x70;
    private static final int SLEEP_TYPE_S5 = 5;

    private Dsdt() {}

    static byte[] of(AcpiPlan plan) {
        List<AcpiPlan.PciRoot> segments = plan.segments();
        List<byte[]> devices = new ArrayList<>();
        devices.add(HotPlugAml.controller(plan.events().hotPlug(), segments)); // before those that call it
        for (AcpiPlan.PciRoot segment : segments) {
            devices.add(pciRoot(segment));
        }
        devices.add(boardResources(plan));
        if (plan.serial()) {
            devices.add(com1());
        }
        devices.add(clock());
        devices.add(EventAml.powerButton());
        devices.add(EventAml.device(plan.events()));
        byte[] aml = Aml.all(
                Aml.scope("\\_SB_", devices.toArray(byte[][]::new)),
                Aml.name("\\_S5_", Aml.pack(Aml.integer(SLEEP_TYPE_S5), Aml.integer(0))));
        return new TableWriter("DSDT", 2, aml.length).raw(aml).table();
    }

    private static byte[] pciRoot(AcpiPlan.PciRoot segment) {
        List<byte[]> resources = new ArrayList<>();
        resources.add(Resources.buses(0, 0));
        if (segment.number() == 0) {
            // the ports of the configuration mechanism are the root's own, the others go to the devices below it
            resources.add(Resources.io(0xCF8, 8));
            resources.add(Resources.ports(0, 0xCF7));
            resources.add(Resources.ports(0xD00, 0xFFFF));
        }
        resources.add(Resources.memoryWindow32(segment.below4Gib()));
        resources.add(Resources.memoryWindow64(segment.above4Gib()));
        return Aml.device(
                segment.name(),
                Aml.name("_HID", Aml.eisaId("PNP0A08")),
                Aml.name("_CID", Aml.eisaId("PNP0A03")),
                Aml.name("_UID", Aml.integer(segment.number())),
                Aml.name("_SEG", Aml.integer(segment.number())),
                Aml.name("_BBN", Aml.integer(0)),
                Aml.name("_CCA", Aml.integer(1)),
                Aml.name("_CRS", Resources.template(resources.toArray(byte[][]::new))),
                HotPlugAml.slots(segment));
    }

    /**
     * PCI Firmware 3.3, 4.1.2: the ECAM ranges belong to a motherboard device, or the kernel does not use them. The
     * registers of events, which have no device that could say so, are reserved there, too.
     */
    private static byte[] boardResources(AcpiPlan plan) {
        List<byte[]> resources = new ArrayList<>();
        for (AcpiPlan.PciRoot segment : plan.segments()) {
            resources.add(Resources.memory32(segment.ecam(), AcpiPlan.PciRoot.ECAM_SIZE));
        }
        resources.add(Resources.memory64(plan.events().register()));
        resources.add(Resources.memory64(plan.events().hotPlug()));
        return Aml.device(
                "MBRD",
                Aml.name("_HID", Aml.eisaId("PNP0C02")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_CRS", Resources.template(resources.toArray(byte[][]::new))));
    }

    private static byte[] com1() {
        return Aml.device(
                "COM1",
                Aml.name("_HID", Aml.eisaId("PNP0501")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_DDN", Aml.string("COM1")),
                Aml.name("_CRS", Resources.template(Resources.io(COM1_PORT, 8), Resources.edgeInterrupt(COM1_IRQ))));
    }

    /** It raises no interrupt, and says so: Linux would ask for IRQ 8 of a clock that no table names, and fail. */
    private static byte[] clock() {
        return Aml.device(
                "RTC0",
                Aml.name("_HID", Aml.eisaId("PNP0B00")),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_CRS", Resources.template(Resources.io(RTC_PORT, 2))));
    }
}
