package ringfence.vmm.boot;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import ringfence.vmm.plan.MemoryMap;

/**
 * An uncompressed kernel or firmware: a 64-bit ELF file of x86-64 with the note XEN_ELFNOTE_PHYS32_ENTRY, entered by the
 * PVH boot protocol (Xen's docs/misc/pvh.pandoc; the kernel's arch/x86/platform/pvh).
 */
final class ElfKernel extends KernelImage {
    private static final int EHDR_SIZE = 64;
    private static final int PHDR_SIZE = 56;
    private static final int MAX_PHDRS = 256;
    private static final int MAX_NOTES = 64 << 10;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final int EM_X86_64 = 62;
    private static final int CLASS_64 = 2;
    private static final int LITTLE_ENDIAN = 1;
    private static final int NOTE_HEADER = 12;
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    private static final long XEN = 0x006E6558; // "Xen\0"

    private final List<LoadSegment> segments;
    private final long entry;

    private ElfKernel(BootFile file, List<LoadSegment> segments, long entry) {
        super(file);
        this.segments = List.copyOf(segments);
        this.entry = entry;
    }

    static boolean recognizes(BootFile file) {
        if (file.size() < EHDR_SIZE) {
            return false;
        }
        byte[] magic = file.read(0, 4);
        return magic[0] == 0x7F && magic[1] == 'E' && magic[2] == 'L' && magic[3] == 'F';
    }

    static ElfKernel parse(BootFile file) {
        MemorySegment ehdr = MemorySegment.ofArray(file.read(0, EHDR_SIZE));
        int kind = ehdr.get(ValueLayout.JAVA_BYTE, 4);
        int order = ehdr.get(ValueLayout.JAVA_BYTE, 5);
        int machine = u16(ehdr, 18);
        if (kind != CLASS_64 || order != LITTLE_ENDIAN || machine != EM_X86_64) {
            throw new BootException(
                    BootException.Reason.UNSUPPORTED,
                    file.path() + " is an ELF file, but not a 64-bit one for x86-64 (class " + kind + ", machine "
                            + machine + ")");
        }
        int count = u16(ehdr, 56);
        if (u16(ehdr, 54) != PHDR_SIZE || count == 0 || count > MAX_PHDRS) {
            throw damaged(file, count + " program headers of " + u16(ehdr, 54) + " bytes");
        }
        MemorySegment phdrs = MemorySegment.ofArray(file.read(u64(ehdr, 32), count * PHDR_SIZE));
        List<LoadSegment> loads = new ArrayList<>();
        OptionalLong entry = OptionalLong.empty();
        for (int i = 0; i < count; i++) {
            MemorySegment phdr = phdrs.asSlice((long) i * PHDR_SIZE, PHDR_SIZE);
            switch ((int) u32(phdr, 0)) {
                case PT_LOAD -> load(file, phdr, loads);
                case PT_NOTE -> entry = entry.isPresent() ? entry : pvhEntry(file, phdr);
                default -> {
                    // of no interest to a loader
                }
            }
        }
        return checked(file, loads, entry);
    }

    private static void load(BootFile file, MemorySegment phdr, List<LoadSegment> loads) {
        LoadSegment segment = new LoadSegment(u64(phdr, 8), u64(phdr, 32), u64(phdr, 24), u64(phdr, 40));
        if (segment.memorySize() != 0) {
            checkSegment(file, segment);
            loads.add(segment);
        }
    }

    private static ElfKernel checked(BootFile file, List<LoadSegment> loads, OptionalLong entry) {
        if (entry.isEmpty()) {
            throw new BootException(
                    BootException.Reason.NO_PVH_NOTE,
                    file.path() + " is an ELF file without a PVH entry (note XEN_ELFNOTE_PHYS32_ENTRY): a kernel needs"
                            + " CONFIG_PVH=y, or give its bzImage");
        }
        long at = entry.getAsLong();
        if (loads.stream().noneMatch(s -> at >= s.guestAddress() && at < s.guestEnd())) {
            throw damaged(file, "its PVH entry 0x%x lies in no segment".formatted(at));
        }
        return new ElfKernel(file, loads, at);
    }

    /** The entry that a note names. A note segment that is broken ends the search: it is no reason to refuse a file. */
    private static OptionalLong pvhEntry(BootFile file, MemorySegment phdr) {
        long offset = u64(phdr, 8);
        long size = u64(phdr, 32);
        if (size < NOTE_HEADER || size > MAX_NOTES || offset < 0 || offset > file.size() - size) {
            return OptionalLong.empty();
        }
        MemorySegment notes = MemorySegment.ofArray(file.read(offset, (int) size));
        long alignment = u64(phdr, 48) == 8 ? 8 : 4;
        long at = 0;
        while (at <= size - NOTE_HEADER) {
            long nameSize = u32(notes, at);
            long descSize = u32(notes, at + 4);
            long type = u32(notes, at + 8);
            long name = at + NOTE_HEADER;
            long desc = name + aligned(nameSize, alignment);
            if (desc + descSize > size) {
                return OptionalLong.empty();
            }
            if (type == XEN_ELFNOTE_PHYS32_ENTRY && nameSize == 4 && u32(notes, name) == XEN && descSize >= 4) {
                return OptionalLong.of(u32(notes, desc)); // 4 or 8 bytes; an entry in 32-bit mode lies below 4 GiB
            }
            at = desc + aligned(descSize, alignment);
        }
        return OptionalLong.empty();
    }

    private static long aligned(long value, long alignment) {
        return (value + alignment - 1) / alignment * alignment;
    }

    private static int u16(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xFFFF;
    }

    private static long u32(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_INT_UNALIGNED, at) & 0xFFFFFFFFL;
    }

    private static long u64(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    @Override
    List<LoadSegment> segments() {
        return segments;
    }

    @Override
    long guestEnd() {
        return segments.stream().mapToLong(LoadSegment::guestEnd).max().orElse(0);
    }

    @Override
    long initramfsLimit() {
        return 0xFFFF_FFFFL;
    }

    @Override
    int commandLineLimit() {
        return (int) MemoryMap.CMDLINE.size() - 1;
    }

    @Override
    BootState handOver(BootParameters parameters) {
        PvhStartInfo.write(parameters);
        return new BootState(
                BootState.Protocol.PVH, entry, MemoryMap.PVH_START_INFO, 0, MemoryMap.BOOT_STACK, MemoryMap.GDT);
    }
}
