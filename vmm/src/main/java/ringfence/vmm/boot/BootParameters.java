package ringfence.vmm.boot;

import java.util.List;
import ringfence.memory.MemoryTable;
import ringfence.vmm.plan.AddressRange;
import ringfence.vmm.plan.MemoryMapEntry;

/**
 * What a kernel is told at boot, apart from the kernel itself; the command line is in memory already.
 *
 * @param initramfs where it was loaded; size 0: none
 * @param rsdp address of the ACPI root pointer
 */
record BootParameters(MemoryTable memory, List<MemoryMapEntry> map, AddressRange initramfs, long rsdp) {}
