package ringfence.vmm.boot;

/**
 * How the boot processor enters what was loaded: 32-bit protected mode without paging, flat segments of the GDT at
 * {@code gdtBase}, interrupts off.
 *
 * @param rip first instruction
 * @param rbx PVH: address of {@code hvm_start_info}; else 0
 * @param rsi Linux boot protocol: address of the zero page; else 0
 * @param rsp top of a small stack
 * @param gdtBase guest address of the GDT: null, null, code, data, TSS
 */
public record BootState(Protocol protocol, long rip, long rbx, long rsi, long rsp, long gdtBase) {
    /** The agreement between loader and kernel. */
    public enum Protocol {
        /** Xen's, for ELF kernels. */
        PVH,
        /** Linux's 32-bit one, for a bzImage. */
        LINUX_32
    }
}
