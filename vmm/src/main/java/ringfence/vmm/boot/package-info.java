/**
 * Loads a kernel: recognizes the file, reads it into guest memory, and writes what the boot protocol wants.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.boot.KernelImage#open} recognizes an ELF file with a PVH entry or a bzImage, and checks every
 * number in it against the file and the address space; nothing is loaded yet, so bad input is found before a machine is
 * built. {@link ringfence.vmm.boot.BootLoader#load} places the initramfs at the top of low RAM, reads kernel and
 * initramfs straight into the guest's pages in pieces by several threads, and writes command line, GDT and either
 * {@code hvm_start_info} or the zero page, at the addresses of {@link ringfence.vmm.plan.MemoryMap}. The answer,
 * {@link ringfence.vmm.boot.BootState}, says how the boot processor enters.
 *
 * <p>Specifications: the kernel's Documentation/arch/x86/boot.rst and zero-page.rst; Xen's docs/misc/pvh.pandoc.
 */
package ringfence.vmm.boot;
