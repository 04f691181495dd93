/**
 * The few devices of a PC that have no bus to be found on: the serial port, the clock, power, reset, the debug port and
 * ACPI's event device.
 *
 * <h2>Theory of operation</h2>
 * Each is a {@link ringfence.vmm.bus.BusDevice} of byte registers that the machine puts on the port bus, the event
 * device's on the memory bus. Each guards its registers with its own monitor for a few instructions, or has none. What a
 * guest asks for here that concerns the machine (power off, reset) goes to a {@link ringfence.vmm.legacy.PowerListener}, which posts it to the owner.
 *
 * <p>Specifications: PC16550D data sheet, MC146818 data sheet, ACPI 6.5 section 4.8.3.
 */
package ringfence.vmm.legacy;
