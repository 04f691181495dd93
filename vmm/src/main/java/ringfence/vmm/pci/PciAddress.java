package ringfence.vmm.pci;

/**
 * Where a function is, in the order of segments and slots. The bus and the function are 0.
 *
 * @param segment 0 to 65535
 * @param slot 0 to 31
 */
public record PciAddress(int segment, int slot) implements Comparable<PciAddress> {
    @Override
    public int compareTo(PciAddress other) {
        int bySegment = Integer.compare(segment, other.segment);
        return bySegment != 0 ? bySegment : Integer.compare(slot, other.slot);
    }

    /** As tools write it: segment, bus, slot and function. */
    @Override
    public String toString() {
        return "%04x:00:%02x.0".formatted(segment, slot);
    }
}
