package ringfence.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vmm.plan.AddressRange;
import ringfence.vmm.plan.MemoryMap;

/**
 * Puts a kernel, its initramfs and what it is told into guest memory. Files are read straight into the guest's pages, by
 * as many threads as help. Called by one thread, before the first vCPU runs; needs no KVM, so it may go on beside the
 * rest of the machine's set-up.
 */
public final class BootLoader {
    /** The GDT of {@link BootState}: null, null, flat code, flat data, TSS. Intel SDM volume 3, 3.4.5. */
    static final long[] GDT = {0, 0, 0x00CF9B000000FFFFL, 0x00CF93000000FFFFL, 0x00008B0000000067L};

    private final Linux linux;
    private final MemoryTable memory;
    private final MemoryMap map;

    /** For a machine with this memory, laid out by this map. */
    public BootLoader(Linux linux, MemoryTable memory, MemoryMap map) {
        this.linux = linux;
        this.memory = memory;
        this.map = map;
    }

    /**
     * Loads everything.
     *
     * @param initramfs path of a file
     * @param rsdp guest address of the ACPI root pointer, see {@link MemoryMap#ACPI}
     * @throws BootException what is wrong; guest memory is in no defined state then
     */
    public BootState load(KernelImage kernel, Optional<String> initramfs, String commandLine, long rsdp) {
        byte[] line = CommandLine.bytes(commandLine, kernel.commandLineLimit());
        try (BootFile file =
                initramfs.map(path -> BootFile.open(linux, "initramfs", path)).orElse(null)) {
            AddressRange place = place(kernel, file);
            List<Copy.Piece> pieces = new ArrayList<>();
            for (LoadSegment segment : kernel.segments()) {
                Copy.split(kernel.file(), segment, pieces);
            }
            if (file != null) {
                Copy.split(file, new LoadSegment(0, file.size(), place.base(), file.size()), pieces);
            }
            Copy.run(memory, pieces);
            for (LoadSegment segment : kernel.segments()) {
                memory.clear(segment.guestAddress() + segment.fileSize(), segment.memorySize() - segment.fileSize());
            }
            memory.write(MemoryMap.CMDLINE.base(), line);
            memory.write(MemoryMap.GDT, gdt());
            memory.write(MemoryMap.RESET_VECTOR.base(), ResetVector.code());
            return kernel.handOver(new BootParameters(memory, map.entries(), place, rsdp));
        }
    }

    /** Where the initramfs goes: as high in low RAM as the kernel allows. Checks that all fits. */
    private AddressRange place(KernelImage kernel, BootFile initramfs) {
        long end = map.lowRam().end();
        long kernelEnd = kernel.guestEnd();
        if (kernelEnd > end) {
            throw new BootException(
                    BootException.Reason.NO_ROOM,
                    "kernel %s needs memory up to 0x%x, this machine has it up to 0x%x: give it more --memory"
                            .formatted(kernel.file().path(), kernelEnd, end));
        }
        if (initramfs == null || initramfs.size() == 0) {
            return new AddressRange(0, 0);
        }
        long top = Math.min(end, kernel.initramfsLimit() + 1);
        long base = (top - initramfs.size()) / MemoryMap.PAGE * MemoryMap.PAGE;
        if (initramfs.size() > top || base < kernelEnd) {
            throw new BootException(
                    BootException.Reason.NO_ROOM,
                    "initramfs %s of %d bytes does not fit between the kernel's end at 0x%x and 0x%x: give more --memory"
                            .formatted(initramfs.path(), initramfs.size(), kernelEnd, top));
        }
        return new AddressRange(base, initramfs.size());
    }

    private static byte[] gdt() {
        ByteBuffer gdt = ByteBuffer.allocate(GDT.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (long descriptor : GDT) {
            gdt.putLong(descriptor);
        }
        return gdt.array();
    }
}
