package ringfence.vhostuser;

/**
 * A region of guest memory as the wire has it. Unchecked but for wrapping: whether it lies inside its file, overlaps
 * another or is aligned is for who maps it.
 *
 * @param guestAddress guest-physical, unsigned
 * @param size bytes, above 0
 * @param userAddress where the front-end has mapped it, unsigned
 * @param offset where it begins in its file, 0 or above
 */
public record MemoryRegion(long guestAddress, long size, long userAddress, long offset) {
    /** Checks that it is not empty and that neither range wraps. */
    public MemoryRegion {
        WireException.require(size > 0, "memory region: size", size);
        WireException.require(offset >= 0 && offset <= Long.MAX_VALUE - size, "memory region: offset", offset);
        WireException.require(
                guestAddress >= 0 && guestAddress <= Long.MAX_VALUE - size,
                "memory region: guest address",
                "0x" + Long.toHexString(guestAddress));
        WireException.require(
                Long.compareUnsigned(userAddress, -size) <= 0,
                "memory region: user address",
                "0x" + Long.toHexString(userAddress));
    }

    /** Whether it is the same memory: the offset does not count (REM_MEM_REG). */
    public boolean sameAs(MemoryRegion other) {
        return guestAddress == other.guestAddress && size == other.size && userAddress == other.userAddress;
    }
}
