package ringfence.vmm.kvm;

import java.util.ArrayList;
import java.util.List;

/** Where an interrupt source of the VM (a GSI: global system interrupt) goes. */
public sealed interface IrqRoute {
    /** Pins of the I/O APIC; GSIs below this number are theirs. */
    int IOAPIC_PINS = 24;

    /** The source's number. */
    int gsi();

    /** To a pin of the in-kernel I/O APIC. */
    record IoApicPin(int gsi, int pin) implements IrqRoute {}

    /** To a message: what a device would write, and where. */
    record Msi(int gsi, long address, int data) implements IrqRoute {}

    /**
     * GSI n to pin n of the I/O APIC, for all pins: what every table of routes starts with. No route leads to the
     * in-kernel 8259: the guest is told that it has none (hardware-reduced ACPI), does not initialize it, and would
     * take its interrupts at exception vectors.
     */
    static List<IrqRoute> ioApicPins() {
        List<IrqRoute> routes = new ArrayList<>();
        for (int pin = 0; pin < IOAPIC_PINS; pin++) {
            routes.add(new IoApicPin(pin, pin));
        }
        return routes;
    }
}
