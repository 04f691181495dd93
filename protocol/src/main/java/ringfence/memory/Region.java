package ringfence.memory;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import ringfence.linux.Fd;
import ringfence.linux.Mapping;

/**
 * A range of guest-physical addresses and the memory behind it. Owns neither the mapping nor the descriptor.
 *
 * @param guestAddress first guest-physical address; 0 or above, and so is the end (guest addresses have at most 52 bits)
 * @param userAddress where the front-end has it mapped: vhost-user names rings by this address; any 64-bit value
 * @param size bytes, above 0
 * @param mapping the memory
 * @param mappingOffset where in the mapping the region begins, bytes
 * @param fd the file below, to be passed on to a daemon; null if this memory is never passed on
 * @param fdOffset where in the file the region begins, bytes
 */
public record Region(
        long guestAddress, long userAddress, long size, Mapping mapping, long mappingOffset, Fd fd, long fdOffset) {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a range is empty, wraps, or leaves the mapping
     */
    public Region {
        Objects.requireNonNull(mapping, "mapping");
        if (guestAddress < 0 || size <= 0 || guestAddress > Long.MAX_VALUE - size) {
            throw new IllegalArgumentException(
                    "region: guest address 0x" + Long.toHexString(guestAddress) + " size 0x" + Long.toHexString(size));
        }
        if (Long.compareUnsigned(userAddress, -size) > 0) {
            throw new IllegalArgumentException(
                    "region: user address 0x" + Long.toHexString(userAddress) + " size 0x" + Long.toHexString(size));
        }
        if (mappingOffset < 0 || fdOffset < 0 || mappingOffset > mapping.size() - size) {
            throw new IllegalArgumentException("region: mappingOffset=" + mappingOffset + " fdOffset=" + fdOffset
                    + " size=" + size + " mapping=" + mapping.size());
        }
    }

    /** One past its last guest-physical address. */
    public long guestEnd() {
        return guestAddress + size;
    }

    /** Its bytes. */
    public MemorySegment segment() {
        return mapping.segment().asSlice(mappingOffset, size);
    }
}
