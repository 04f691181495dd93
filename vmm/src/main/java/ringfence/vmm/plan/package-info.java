/**
 * What a machine looks like, computed from its configuration by pure functions: the memory map, the topology of its
 * processors, their CPUID; the ACPI tables are in {@code plan.acpi}.
 *
 * <h2>Theory of operation</h2>
 * Nothing here touches KVM, files or guest memory: the functions take numbers and return records, and are tested by
 * comparing them. {@link ringfence.vmm.plan.MemoryMap} is the one list of addresses; whoever needs an address takes it
 * from there.
 */
package ringfence.vmm.plan;
