package ringfence.vmm.boot;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.vmm.plan.MemoryMap;

/**
 * A kernel file that has been recognized and checked, not yet loaded: what goes where in guest memory, and how it is
 * entered. Everything in the file is taken as hostile: each number is checked before it is used, none leads to an
 * allocation above 64 KiB. Owns its descriptor.
 */
public abstract sealed class KernelImage implements AutoCloseable permits ElfKernel, BzImage {
    private final BootFile file;

    KernelImage(BootFile file) {
        this.file = file;
    }

    /**
     * Opens and recognizes a kernel: an ELF file with a PVH entry, or a bzImage.
     *
     * @throws BootException NOT_FOUND, UNREADABLE, NOT_A_KERNEL, NO_PVH_NOTE, UNSUPPORTED
     */
    public static KernelImage open(Linux linux, String path) {
        BootFile file = BootFile.open(linux, "kernel", path);
        try {
            if (ElfKernel.recognizes(file)) {
                return ElfKernel.parse(file);
            }
            if (BzImage.recognizes(file)) {
                return BzImage.parse(file);
            }
            throw new BootException(
                    BootException.Reason.NOT_A_KERNEL, path + " is not a kernel: neither an ELF file nor a bzImage");
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    final BootFile file() {
        return file;
    }

    /** Which parts of the file go where. */
    abstract List<LoadSegment> segments();

    /** One past the last guest address that the kernel uses before it reads its memory map. */
    abstract long guestEnd();

    /** The highest address that its initramfs may have. */
    abstract long initramfsLimit();

    /** Greatest length of a command line, without its ending zero. */
    abstract int commandLineLimit();

    /** Writes what the boot protocol says beside the kernel, and tells how the guest is entered. */
    abstract BootState handOver(BootParameters parameters);

    final BootException damaged(String what) {
        return damaged(file, what);
    }

    static BootException damaged(BootFile file, String what) {
        return new BootException(BootException.Reason.NOT_A_KERNEL, file.path() + " is a damaged kernel: " + what);
    }

    /** Checks that a segment lies in memory where kernels go. */
    static void checkSegment(BootFile file, LoadSegment s) {
        if (s.fileSize() < 0 || s.fileOffset() < 0 || s.fileOffset() > file.size() - s.fileSize()) {
            throw damaged(
                    file, "a segment of %d bytes at %d lies outside the file".formatted(s.fileSize(), s.fileOffset()));
        }
        if (s.memorySize() < s.fileSize()
                || s.guestAddress() < MemoryMap.HIGH_RAM
                || s.guestAddress() > (1L << 32)
                || s.memorySize() > (1L << 32)) {
            throw damaged(
                    file,
                    "a segment of %d bytes wants %d bytes at 0x%x"
                            .formatted(s.fileSize(), s.memorySize(), s.guestAddress()));
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
