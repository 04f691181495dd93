/**
 * PCI: functions with configuration space and BARs, the slots they are in, and the two ways by which a guest reaches
 * their configuration (ports 0xCF8 and 0xCFC, and ECAM).
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.pci.PciFunction} is a {@link ringfence.vmm.pci.ConfigSpace} (bytes, masks, overlays) and a list
 * of {@link ringfence.vmm.pci.Bar}s. The owner of the machine puts it into a slot of a {@link
 * ringfence.vmm.pci.PciSegment}, which gives its BARs addresses in the segment's apertures, as firmware would. The guest
 * enables decoding, moves BARs, sizes them: whatever it writes is kept, and the owner then brings the memory bus into
 * line with the registers. That write is deferred until it has: the next access finds the BAR where the guest put it.
 *
 * <p>A guest that runs is told of a slot that was filled, and asked to give one back, through the registers of the {@link
 * ringfence.vmm.pci.HotPlugController}, which its ACPI code reads. What it ejects there goes to the owner.
 *
 * <p>Slots and bus tables change on the owner's thread alone. Configuration space is guarded by a monitor that is held
 * for one register.
 *
 * <p>Specifications: PCI Local Bus 3.0, chapters 3.2 and 6; PCI Express 5.0, 7.2.2 (ECAM).
 */
package ringfence.vmm.pci;
