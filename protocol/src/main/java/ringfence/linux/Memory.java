package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/** System calls on memory. */
public final class Memory {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_HUGETLB = 4;
    private static final int MFD_HUGE_SHIFT = 26;
    /** MADV_MERGEABLE. */
    private static final int MADV_MERGEABLE = 12;
    /** MADV_HUGEPAGE. */
    private static final int MADV_HUGEPAGE = 14;
    /** MADV_DONTDUMP. */
    private static final int MADV_DONTDUMP = 16;
    /** MADV_POPULATE_WRITE, Linux 5.14. */
    private static final int MADV_POPULATE_WRITE = 23;

    private final Kernel kernel;

    Memory(Kernel kernel) {
        this.kernel = kernel;
    }

    /** memfd_create(2), sealable, of {@code size} bytes; no seal is set yet. The caller owns it. */
    public Fd memfd(String name, long size) {
        return memfd(name, size, 0);
    }

    /**
     * memfd_create(2) on huge pages.
     *
     * @param hugePageSize bytes, a power of two that this host has; 0: ordinary pages
     */
    public Fd memfd(String name, long size, long hugePageSize) {
        int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
        if (hugePageSize != 0) {
            flags |= MFD_HUGETLB | Long.numberOfTrailingZeros(hugePageSize) << MFD_HUGE_SHIFT;
        }
        try (Arena arena = Arena.ofConfined()) {
            long result =
                    kernel.call(Syscall.MEMFD_CREATE, CString.in(arena, name).address(), flags, 0, 0, 0, 0);
            Fd fd = Fd.own(kernel, (int) Call.check(result, Syscall.MEMFD_CREATE, name));
            try {
                Call.check(
                        kernel.call(Syscall.FTRUNCATE, fd.number(), size, 0, 0, 0, 0),
                        Syscall.FTRUNCATE,
                        name + " to " + size);
                return fd;
            } catch (ErrnoException e) {
                fd.close();
                throw e;
            }
        }
    }

    /** F_ADD_SEALS. */
    public void seal(Fd memfd, Seal... seals) {
        Call.check(
                kernel.call(Syscall.FCNTL, memfd.number(), 1033 /* F_ADD_SEALS */, Flag.bits(seals), 0, 0, 0),
                Syscall.FCNTL,
                "F_ADD_SEALS of " + memfd);
    }

    /** F_GET_SEALS: the bits of {@link Seal}, or empty if the file knows no seals (is no memfd and not on tmpfs). */
    public OptionalInt seals(Fd fd) {
        long result = kernel.call(Syscall.FCNTL, fd.number(), 1034 /* F_GET_SEALS */, 0, 0, 0, 0);
        return result < 0 ? OptionalInt.empty() : OptionalInt.of((int) result);
    }

    /** Whether these seals, as {@link #seals} tells them, hold that one. */
    public static boolean has(int seals, Seal seal) {
        return (seals & seal.bits()) != 0;
    }

    /**
     * Maps a part of a file, shared, for reading and writing. Huge pages are reserved by this (no MAP_NORESERVE): too
     * few of them are ENOMEM here, and not a fault at the first touch.
     */
    public Mapping map(Fd fd, long offset, long size) {
        return map(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    }

    /** As {@link #map}, of a file that somebody else may truncate: see {@link Mapping#mayShrink}. */
    public Mapping mapShrinkable(Fd fd, long offset, long size) {
        return own(mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset), size, argument(fd, offset, size), true);
    }

    /** Maps a part of a file, shared, for reading. */
    public Mapping mapReadOnly(Fd fd, long offset, long size) {
        return map(size, PROT_READ, MAP_SHARED, fd, offset);
    }

    /**
     * Maps a part of a file for reading and writing; what is written is this mapping's alone. The file may be open for reading
     * only. Nothing is reserved for it.
     */
    public Mapping mapPrivate(Fd fd, long offset, long size) {
        return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, offset);
    }

    /** Anonymous private memory. */
    public Mapping mapAnonymous(long size) {
        return own(
                kernel.call(Syscall.MMAP, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                size,
                "anonymous, " + size + " bytes",
                false);
    }

    private Mapping map(long size, int protection, int flags, Fd fd, long offset) {
        return own(mmap(size, protection, flags, fd, offset), size, argument(fd, offset, size), false);
    }

    private long mmap(long size, int protection, int flags, Fd fd, long offset) {
        return kernel.call(Syscall.MMAP, 0, size, protection, flags, fd.number(), offset);
    }

    private static String argument(Fd fd, long offset, long size) {
        return fd + ", offset " + offset + ", " + size + " bytes";
    }

    private Mapping own(long result, long size, String argument, boolean mayShrink) {
        return Mapping.own(kernel, Call.check(result, Syscall.MMAP, argument), size, mayShrink);
    }

    /** Asks for transparent huge pages. A kernel without them refuses; that is no error here. */
    public void adviseHugePages(Mapping mapping) {
        Call.keeping(mapping, kernel.call(Syscall.MADVISE, mapping.address(), mapping.size(), MADV_HUGEPAGE, 0, 0, 0));
    }

    /** Keeps the memory out of a core dump. */
    public void adviseNoDump(Mapping mapping) {
        Call.keeping(mapping, kernel.call(Syscall.MADVISE, mapping.address(), mapping.size(), MADV_DONTDUMP, 0, 0, 0));
    }

    /** Lets the host merge equal pages (KSM). A kernel without it refuses; that is no error here. */
    public void adviseMergeable(Mapping mapping) {
        Call.keeping(mapping, kernel.call(Syscall.MADVISE, mapping.address(), mapping.size(), MADV_MERGEABLE, 0, 0, 0));
    }

    /** Makes every page present and writable now (MADV_POPULATE_WRITE). */
    public void populate(Mapping mapping, long offset, long length) {
        Call.check(
                Call.keeping(
                        mapping,
                        kernel.call(Syscall.MADVISE, mapping.address() + offset, length, MADV_POPULATE_WRITE, 0, 0, 0)),
                Syscall.MADVISE,
                "MADV_POPULATE_WRITE of " + length + " bytes");
    }

    /** Bytes of RAM that this machine has (sysinfo). */
    public long physicalMemory() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(ProcessLayout.SYSINFO_SIZE, 8);
            Call.check(kernel.call(Syscall.SYSINFO, info.address(), 0, 0, 0, 0, 0), Syscall.SYSINFO, "");
            return info.get(ValueLayout.JAVA_LONG, ProcessLayout.TOTALRAM)
                    * info.get(ValueLayout.JAVA_INT, ProcessLayout.MEM_UNIT);
        }
    }
}
