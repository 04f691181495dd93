package ringfence.vmm.pci;

import java.util.Map;
import java.util.TreeMap;

/**
 * A window of guest addresses in which a segment's BARs may lie. It places them when a function is added, lowest free
 * address first. Used by the owner of the machine only, but for {@link #holds}.
 */
public final class Aperture {
    private final long base;
    private final long size;
    private final TreeMap<Long, Long> taken = new TreeMap<>(); // base to size

    /** The window {@code [base, base + size)}, below 2^63. */
    public Aperture(long base, long size) {
        if (base < 0 || size < 0 || base + size < 0) {
            throw new IllegalArgumentException("aperture base=0x%x size=0x%x".formatted(base, size));
        }
        this.base = base;
        this.size = size;
    }

    /** First address. */
    public long base() {
        return base;
    }

    /** Bytes. */
    public long size() {
        return size;
    }

    /** Whether all of the range lies in the window; any numbers. */
    public boolean holds(long address, long length) {
        long offset = address - base;
        return offset >= 0 && length >= 0 && length <= size && offset <= size - length;
    }

    /**
     * Takes the lowest free range.
     *
     * @param alignment a power of two
     * @throws PciException if there is none
     */
    long allocate(long length, long alignment) {
        long at = aligned(base, alignment);
        for (Map.Entry<Long, Long> range : taken.entrySet()) {
            if (at + length <= range.getKey()) {
                break;
            }
            at = Math.max(at, aligned(range.getKey() + range.getValue(), alignment));
        }
        if (!holds(at, length)) {
            throw new PciException("no room for a BAR of 0x%x in 0x%x+0x%x".formatted(length, base, size));
        }
        taken.put(at, length);
        return at;
    }

    /** Gives a range back; does nothing if it was not taken here. */
    void free(long address) {
        taken.remove(address);
    }

    private static long aligned(long address, long alignment) {
        return address + alignment - 1 & -alignment;
    }
}
