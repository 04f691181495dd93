package ringfence.vmm.boot;

/**
 * A part of a file that goes into guest memory.
 *
 * @param fileOffset where it begins in the file
 * @param fileSize bytes that come from the file
 * @param guestAddress where it goes
 * @param memorySize bytes of memory, at least {@code fileSize}; the rest is set to zero
 */
record LoadSegment(long fileOffset, long fileSize, long guestAddress, long memorySize) {
    long guestEnd() {
        return guestAddress + memorySize;
    }
}
