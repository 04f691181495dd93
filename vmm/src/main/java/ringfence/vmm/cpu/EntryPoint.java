package ringfence.vmm.cpu;

/**
 * How the boot processor enters its guest: 32-bit protected mode without paging, flat segments, interrupts off. It
 * serves PVH (EBX names {@code hvm_start_info}) and Linux's 32-bit boot protocol (ESI names the zero page) alike.
 *
 * @param rip first instruction
 * @param rbx EBX
 * @param rsi ESI
 * @param rsp ESP
 * @param gdtBase guest address of a GDT with the descriptors of {@link VcpuSetup}'s segments
 */
public record EntryPoint(long rip, long rbx, long rsi, long rsp, long gdtBase) {}
