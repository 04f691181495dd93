package ringfence.vmm.plan;

/**
 * A line of the memory map that a kernel is given at boot.
 *
 * @param type as E820 and PVH number it
 */
public record MemoryMapEntry(long base, long size, int type) {
    /** Usable memory. */
    public static final int RAM = 1;
    /** Not to be used. */
    public static final int RESERVED = 2;
    /** ACPI tables; usable when they have been read. */
    public static final int ACPI = 3;

    static MemoryMapEntry ram(long base, long size) {
        return new MemoryMapEntry(base, size, RAM);
    }

    static MemoryMapEntry reserved(long base, long size) {
        return new MemoryMapEntry(base, size, RESERVED);
    }

    static MemoryMapEntry acpi(long base, long size) {
        return new MemoryMapEntry(base, size, ACPI);
    }
}
