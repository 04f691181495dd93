package ringfence.vmm.pci;

/**
 * What a function says it is: the read-only fields of the type 0 header (PCI Local Bus 3.0, 6.2.1).
 *
 * @param vendor 16 bits
 * @param device 16 bits
 * @param revision 8 bits
 * @param classCode base class, sub-class and programming interface, 24 bits
 * @param subsystemVendor 16 bits
 * @param subsystem 16 bits
 */
public record PciIdentity(int vendor, int device, int revision, int classCode, int subsystemVendor, int subsystem) {}
