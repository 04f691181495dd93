/**
 * The buses: from an address to the device that answers there.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.bus.Bus} is an immutable table of ranges. {@link ringfence.vmm.bus.BusTable} holds the two
 * that are in force, ports and memory; the owner of the machine publishes a new table, and a vCPU thread that is in the
 * middle of an access finishes it with the old one. So no lock is taken on the way from an exit to a register.
 *
 * <p>A register access answers {@link ringfence.vmm.bus.Done}, {@link ringfence.vmm.bus.Rejected} or {@link
 * ringfence.vmm.bus.Deferred}. The last is for what needs another thread (activation of a device, move of a BAR, a
 * daemon that is not there yet): the vCPU thread waits for it with a deadline, holding no lock, and nobody else waits.
 */
package ringfence.vmm.bus;
