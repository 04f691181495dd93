package ringfence.vmm.plan;

/**
 * Guest-physical addresses.
 *
 * @param base the first
 * @param size bytes; may be 0
 */
public record AddressRange(long base, long size) {
    /** Checks that it does not wrap. */
    public AddressRange {
        if (base < 0 || size < 0 || base > Long.MAX_VALUE - size) {
            throw new IllegalArgumentException("range base=0x%x size=0x%x".formatted(base, size));
        }
    }

    /** One past the last. */
    public long end() {
        return base + size;
    }

    /** Whether all of the other lies within. */
    public boolean contains(AddressRange other) {
        return other.base >= base && other.end() <= end();
    }

    /** Whether an address lies within. */
    public boolean contains(long address) {
        return address >= base && address < end();
    }

    /** Whether the two have an address in common. */
    public boolean overlaps(AddressRange other) {
        return size > 0 && other.size > 0 && base < other.end() && other.base < end();
    }
}
